import * as v from 'valibot';
import type { ExpectedSettings } from '../config-file.ts';
import { propertiesFormat, toBoolean } from '../spring-properties.ts';

const protocols = ['rtmp', 'rtsp', 'rtc', 'srt', 'mpegts'] as const;

const settingsSchema = v.object({
  /** `auth.active` · false lets everyone in. */
  active: v.optional(v.boolean()),
  /** `auth.rtmp`, `auth.rtc` … · a protocol that is false lets everyone in over it. */
  protocols: v.partial(v.object(v.entriesFromList(protocols, v.boolean()))),
  /** `jwt.ttl.minutes` · how far ahead of the server's now `exp` may be. `null` if it is not a whole number. */
  ttlMinutes: v.optional(v.nullable(v.number())),
  /** `jwt.issuer` · the only `iss` accepted. Empty or absent: any. */
  issuer: v.optional(v.string()),
});

/** The settings of Red5's JWT authenticator; one that the file does not have, or only by a placeholder, is `undefined`. */
export type Red5Settings = v.InferOutput<typeof settingsSchema>;

/** The settings that decide about tokens. */
function settingsOf(values: ReadonlyMap<string, string | undefined>): Red5Settings {
  const ttl = values.get('jwt.ttl.minutes');
  return {
    active: toBoolean(values.get('auth.active')),
    protocols: Object.fromEntries(
      protocols.flatMap((protocol) => {
        const value = toBoolean(values.get(`auth.${protocol}`));
        return value === undefined ? [] : [[protocol, value]];
      }),
    ),
    ttlMinutes: ttl === undefined ? undefined : /^\d{1,9}$/.test(ttl) ? Number(ttl) : null,
    issuer: values.get('jwt.issuer'),
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
 * Red5 Pro's `webapps/APP/WEB-INF/red5-web.properties`, whose values Spring puts into the beans of the simple-auth
 * plugin when the web application starts.
 *
 * @see https://www.red5.net/docs/red5-pro/development/plugins/simple-auth-plugin/jwt-authentication/
 */
export const red5Properties = propertiesFormat<Red5Settings>({
  secretSetting: 'jwt.secret',
  settingsOf,
  settingsSchema,
  settingsProblems,
});
