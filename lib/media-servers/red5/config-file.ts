import * as v from 'valibot';
import {
  configFileFormat,
  type ExpectedSettings,
  type FoundSecret,
  type ReadSettings,
} from '../config-file.ts';
import { parseProperties } from './java-properties.ts';

const secretSetting = 'jwt.secret';

const protocols = ['rtmp', 'rtsp', 'rtc', 'srt', 'mpegts'] as const;

const settingsSchema = v.object({
  /** `auth.active` · false lets everyone in. */
  active: v.optional(v.boolean()),
  /** `auth.rtmp`, `auth.rtc` … · a protocol that is false lets everyone in over it. */
  protocols: v.partial(v.object(v.entriesFromList(protocols, v.boolean()))),
  /** `jwt.ttl.minutes` · how far ahead of the server's now `exp` may be. `null` if it is no whole number. */
  ttlMinutes: v.optional(v.nullable(v.number())),
  /** `jwt.issuer` · the only `iss` accepted. Empty or absent: any. */
  issuer: v.optional(v.string()),
});

/** The settings of Red5's JWT authenticator; one that the file does not have, or only by a placeholder, is `undefined`. */
export type Red5Settings = v.InferOutput<typeof settingsSchema>;

/** Reads what decides about tokens; of a key that is listed twice, the last one, as Java does. */
export function readSettings(text: string): ReadSettings<Red5Settings> {
  const parsed = parseProperties(text);
  if (!parsed.ok) return parsed;
  const values = new Map(
    parsed.properties.map(({ key, value }) => [key, isPlaceholder(value) ? undefined : value.trim()]),
  );
  const ttl = values.get('jwt.ttl.minutes');
  return {
    ok: true,
    settings: {
      active: toBoolean(values.get('auth.active')),
      protocols: Object.fromEntries(
        protocols.flatMap((protocol) => {
          const value = toBoolean(values.get(`auth.${protocol}`));
          return value === undefined ? [] : [[protocol, value]];
        }),
      ),
      ttlMinutes: ttl === undefined ? undefined : /^\d{1,9}$/.test(ttl) ? Number(ttl) : null,
      issuer: values.get('jwt.issuer'),
    },
  };
}

/** One line for each setting that contradicts what streampass issues. */
function settingsProblems(settings: Red5Settings, expected: ExpectedSettings): readonly string[] {
  const problems: string[] = [];
  if (settings.active === false)
    problems.push('auth.active is not true: Red5 lets everyone in without a token');
  for (const protocol of protocols) {
    if (settings.protocols[protocol] === false) {
      problems.push(`auth.${protocol} is not true: Red5 lets everyone in over ${protocol} without a token`);
    }
  }
  const neededMinutes = Math.ceil((expected.longestTokenSeconds + expected.clockSkewSeconds) / 60);
  if (settings.ttlMinutes === null) {
    problems.push(`jwt.ttl.minutes is not a whole number; it must be at least ${neededMinutes}`);
  } else if (settings.ttlMinutes !== undefined && settings.ttlMinutes < neededMinutes) {
    problems.push(
      `jwt.ttl.minutes is ${settings.ttlMinutes}: it must be at least ${neededMinutes}, ` +
        `the longest token (${expected.longestTokenSeconds} s) and the clock skew (${expected.clockSkewSeconds} s)`,
    );
  }
  if (settings.issuer && expected.issuer !== undefined && settings.issuer !== expected.issuer) {
    problems.push(`jwt.issuer is "${settings.issuer}": our tokens have "${expected.issuer}"`);
  }
  return problems;
}

/**
 * The secret as Red5 gets it, blanks at its end included; replaced with its continuation lines. Refused: a key that is
 * listed twice (Java takes the last one, but whoever wrote it may not know), and a `${…}` or `#{…}` that Spring would replace.
 */
function findSecret(text: string): FoundSecret {
  const parsed = parseProperties(text);
  if (!parsed.ok) return parsed;
  const found = parsed.properties.filter(({ key }) => key === secretSetting);
  const [property] = found;
  if (property === undefined) return { ok: false, problem: `${secretSetting} is missing` };
  const { line, value, start, end } = property;
  if (found.length > 1) {
    const lines = found.map((one) => one.line).join(', ');
    return { ok: false, problem: `${secretSetting} is listed more than once (lines ${lines}): leave one` };
  }
  if (isPlaceholder(value)) {
    return { ok: false, problem: `line ${line}: ${secretSetting} is a placeholder, not the secret itself` };
  }
  // A line that is nothing but a key has an empty value, and needs a separator before another one.
  return { ok: true, secret: value, start, end, write: (secret) => (property.separated ? '' : '=') + secret };
}

/** What Spring replaces by a value from elsewhere. */
function isPlaceholder(value: string): boolean {
  return /[$#]\{/.test(value);
}

/** Spring's words for a boolean; any other word counts as false here, so that it is reported. */
function toBoolean(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : ['true', 'on', 'yes', '1'].includes(value.toLowerCase());
}

/**
 * Red5 Pro's `webapps/APP/WEB-INF/red5-web.properties`, whose values Spring puts into the beans of the simple-auth
 * plugin when the web application starts.
 *
 * @see https://www.red5.net/docs/red5-pro/development/plugins/simple-auth-plugin/jwt-authentication/
 */
export const red5Properties = configFileFormat<Red5Settings>({
  secretSetting,
  encoding: 'latin1',
  findSecret,
  readSettings,
  settingsSchema,
  settingsProblems,
});
