import * as v from 'valibot';
import { isJsonObject } from '../jws/compact.ts';
import type { Command } from './state.ts';

/** What one invocation of `rotate` is to do. */
export interface RotateCommand {
  readonly action: Command | 'advance' | 'status';
  /** Absent: all targets. */
  readonly targets?: readonly string[];
  /** With `start`: an operator confirms that servers without a fleet fetch their version themselves. */
  readonly serversFollow: boolean;
}

/** The events that `rotate` accepts, as JSON. Everything else is refused. */
const KNOWN =
  '{"action":"start"}, {"action":"advance"}, {"action":"status"} and {"action":"abort"}, each with "targets":["NAME"] if you like; ' +
  '{"action":"start","targets":["NAME"],"confirmServersFollow":true}; {"action":"start","targets":["NAME"],"emergency":true}';

const NAMES = 'has "targets" that are not one name or an array of names';
const name = v.pipe(v.string(), v.minLength(1, NAMES));
const flag = (member: string) =>
  v.optional(v.boolean(`has a "${member}" that is neither true nor false`), false);

const members = v.strictObject(
  {
    action: v.picklist(['start', 'advance', 'status', 'abort'], 'has an unknown "action"'),
    targets: v.optional(v.union([v.pipe(v.array(name), v.minLength(1, NAMES)), name], NAMES)),
    emergency: flag('emergency'),
    confirmServersFollow: flag('confirmServersFollow'),
  },
  ({ expected }) => (expected === 'never' ? 'has a member that is not known' : 'has no "action"'),
);
const rotateEvent = v.pipe(v.custom<object>(isJsonObject, 'is not a JSON object'), members);

/**
 * The command in an event, as an operator or the schedule sent it.
 *
 * @throws {TypeError} an event that is not one of the known ones; the message says what is wrong and which are known
 */
export function parseRotateEvent(event: unknown): RotateCommand {
  const parsed = v.safeParse(rotateEvent, event);
  if (!parsed.success) throw unknownEvent(parsed.issues[0].message);
  const { action, targets, emergency, confirmServersFollow } = parsed.output;
  if (emergency && action !== 'start') throw unknownEvent('has an "emergency" without the action "start"');
  if (confirmServersFollow && action !== 'start')
    throw unknownEvent('has "confirmServersFollow" without the action "start"');
  if (emergency && targets === undefined)
    throw unknownEvent('has an "emergency" without "targets": one leaked secret must not end every token');
  return {
    action: emergency ? 'emergency' : action,
    ...(targets !== undefined && { targets: [...new Set([targets].flat())] }),
    serversFollow: confirmServersFollow,
  };
}

function unknownEvent(what: string): TypeError {
  return new TypeError(`The event ${what}. Known are ${KNOWN}.`);
}
