import * as v from 'valibot';
import { WEEKDAYS } from './window.ts';

const time = (pattern: RegExp) => v.pipe(v.string(), v.regex(pattern, 'must be a time such as "09:00"'));

const pushWindow = v.pipe(
  v.strictObject({
    days: v.pipe(
      v.array(v.picklist(WEEKDAYS, `must be one of ${WEEKDAYS.join(', ')}`)),
      v.minLength(1, 'must name a day, or the window never opens'),
    ),
    from: time(/^([01]\d|2[0-3]):[0-5]\d$/),
    to: time(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/),
    timeZone: v.pipe(v.string(), v.check(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin"')),
  }),
  v.check(({ from, to }) => from !== to, 'never opens: "from" and "to" are the same time'),
);

const seconds = v.pipe(
  v.number('must be a number of seconds, such as days(90)'),
  v.integer('must be a whole number of seconds'),
  v.minValue(1, 'must be 1 second or more'),
);

const members = {
  every: v.exactOptional(
    v.union([seconds, v.literal('manual')], 'must be a number of seconds, such as days(90), or "manual"'),
  ),
  window: v.exactOptional(pushWindow),
  tolerate: v.exactOptional(
    v.pipe(
      v.number('must be a number of nodes'),
      v.integer('must be a whole number of nodes'),
      v.minValue(0, 'must be 0 or more'),
    ),
  ),
};

/** The `rotation` options of the configuration; `every` is 90 days if it is left out. */
export const rotationOptions = v.strictObject(members);

/** The `rotation` options of a target, which go before those of the configuration; `'manual'` stands for `{ every: 'manual' }`. */
export const targetRotationOptions = v.lazy((input): v.GenericSchema<unknown, 'manual' | RotationOptions> =>
  typeof input === 'object' && input !== null
    ? rotationOptions
    : v.literal('manual', 'must be "manual" or an object'),
);

/** When and how secrets are rotated. */
export type RotationOptions = v.InferOutput<typeof rotationOptions>;
/** The same of one target. */
export type TargetRotationOptions = v.InferOutput<typeof targetRotationOptions>;

/** Default age of a secret at which its rotation starts, in seconds: 90 days. */
export const DEFAULT_EVERY = 90 * 86_400;

/** The options that hold for one target: its own, else the configuration's, else the default. */
export function rotationOf(all: RotationOptions = {}, own: TargetRotationOptions = {}): RotationOptions {
  return { every: DEFAULT_EVERY, ...all, ...(own === 'manual' ? { every: 'manual' } : own) };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
