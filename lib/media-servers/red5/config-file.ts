import type { ExpectedSettings, ReadSecret, ReadSettings, ReplacedText } from '../config-file.ts';
import { parseProperties, type Property } from './java-properties.ts';
import { replaceRange, unwritableSecret } from '../replace-range.ts';

/**
 * Red5 Pro's `webapps/APP/WEB-INF/red5-web.properties`, whose values Spring puts into the beans of the simple-auth
 * plugin when the web application starts.
 *
 * @see https://www.red5.net/docs/red5-pro/development/plugins/simple-auth-plugin/jwt-authentication/
 */
export const secretSetting = 'jwt.secret';

const protocols = ['rtmp', 'rtsp', 'rtc', 'srt', 'mpegts'] as const;

/** The settings of Red5's JWT authenticator; one that the file does not have is `undefined`. */
export interface Red5Settings {
  /** `auth.active` · false lets everyone in. */
  readonly active: boolean | undefined;
  /** `auth.rtmp`, `auth.rtc` … · a protocol that is false lets everyone in over it. */
  readonly protocols: Readonly<Partial<Record<(typeof protocols)[number], boolean>>>;
  /** `jwt.ttl.minutes` · how far ahead of the server's now `exp` may be. NaN where it is no whole number. */
  readonly ttlMinutes: number | undefined;
  /** `jwt.issuer` · the only `iss` accepted. Empty or absent: any. */
  readonly issuer: string | undefined;
}

/**
 * The secret as Red5 gets it, blanks at its end included. Refused: a key that stands twice (Java takes the last one,
 * but the person who wrote it may not know), and a `${…}` or `#{…}` that Spring would replace.
 */
export function readSecret(text: string): ReadSecret {
  const found = findSecret(text);
  return found.ok ? { ok: true, secret: found.property.value } : found;
}

/** Replaces the value of `jwt.secret`, continuation lines and blanks at its end included. */
export function replaceSecret(text: string, secret: string): ReplacedText {
  const unwritable = unwritableSecret(secret);
  if (unwritable !== undefined) return { ok: false, problem: unwritable };
  const found = findSecret(text);
  if (!found.ok) return found;
  const { property } = found;
  if (!property.separated)
    return { ok: false, problem: `line ${property.line}: ${secretSetting} has no = after it` };
  return replaceRange(text, property, { written: secret, secret, readSecret });
}

/** Reads what decides about tokens; of a key that stands twice, the last one, as Java does. */
export function readSettings(text: string): ReadSettings<Red5Settings> {
  const parsed = parseProperties(text);
  if (!parsed.ok) return parsed;
  const values = new Map(parsed.properties.map(({ key, value }) => [key, value.trim()]));
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
      ttlMinutes: ttl === undefined ? undefined : /^\d{1,9}$/.test(ttl) ? Number(ttl) : Number.NaN,
      issuer: values.get('jwt.issuer'),
    },
  };
}

/** One line for each setting that contradicts what streampass issues. */
export function settingsProblems(settings: Red5Settings, expected: ExpectedSettings): readonly string[] {
  const problems: string[] = [];
  if (settings.active === false)
    problems.push('auth.active is not true: Red5 lets everyone in without a token');
  for (const protocol of protocols) {
    if (settings.protocols[protocol] === false) {
      problems.push(`auth.${protocol} is not true: Red5 lets everyone in over ${protocol} without a token`);
    }
  }
  const neededMinutes = Math.ceil((expected.longestTokenSeconds + expected.clockSkewSeconds) / 60);
  if (Number.isNaN(settings.ttlMinutes)) {
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

/** What {@link settingsProblems} says about a file's text. */
export function problems(text: string, expected: ExpectedSettings): readonly string[] {
  const read = readSettings(text);
  return read.ok ? settingsProblems(read.settings, expected) : [read.problem];
}

type FoundSecret =
  { readonly ok: true; readonly property: Property } | { readonly ok: false; readonly problem: string };

function findSecret(text: string): FoundSecret {
  const parsed = parseProperties(text);
  if (!parsed.ok) return parsed;
  const found = parsed.properties.filter(({ key }) => key === secretSetting);
  const [property] = found;
  if (property === undefined) return { ok: false, problem: `${secretSetting} is missing` };
  if (found.length > 1) {
    const lines = found.map(({ line }) => line).join(', ');
    return { ok: false, problem: `${secretSetting} stands more than once (lines ${lines}): leave one` };
  }
  if (/[$#]\{/.test(property.value)) {
    return {
      ok: false,
      problem: `line ${property.line}: ${secretSetting} is a placeholder, not the secret itself`,
    };
  }
  return { ok: true, property };
}

/** Spring's words for a boolean; any other word counts as false here, so that it is reported. */
function toBoolean(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : ['true', 'on', 'yes', '1'].includes(value.toLowerCase());
}
