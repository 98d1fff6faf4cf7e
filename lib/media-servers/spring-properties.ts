import { configFileFormat, type FormatRules, type FoundSecret } from './config-file.ts';
import { parseProperties } from './java-properties.ts';

/** The values of a Red5 server's `.properties` file, as Spring gives them to the server's beans. */
type ReadProperties =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string | undefined> }
  | { readonly ok: false; readonly problem: string };

/**
 * The format of a Red5 server's `.properties` file.
 *
 * @param rules.settingsOf the settings among the values of the file
 */
export function propertiesFormat<Settings>({
  settingsOf,
  ...rules
}: Pick<FormatRules<Settings>, 'secretSetting' | 'settingsSchema' | 'settingsProblems'> & {
  readonly settingsOf: (values: ReadonlyMap<string, string | undefined>) => Settings;
}) {
  return configFileFormat<Settings>({
    ...rules,
    encoding: 'latin1',
    findSecret: (text) => findSecretProperty(text, rules.secretSetting),
    readSettings(text) {
      const read = readProperties(text);
      return read.ok ? { ok: true, settings: settingsOf(read.values) } : read;
    },
  });
}

/** Each value without blanks around it; of a key that is listed twice, the last one, as Java does; a placeholder is `undefined`. */
function readProperties(text: string): ReadProperties {
  const parsed = parseProperties(text);
  if (!parsed.ok) return parsed;
  return {
    ok: true,
    values: new Map(
      parsed.properties.map(({ key, value }) => [key, isPlaceholder(value) ? undefined : value.trim()]),
    ),
  };
}

/**
 * The secret as the server gets it, blanks at its end included; replaced with its continuation lines. Refused: a key that is
 * listed twice (Java takes the last one, but the author may not know this), and a `${…}` or `#{…}` that Spring would replace.
 */
function findSecretProperty(text: string, setting: string): FoundSecret {
  const parsed = parseProperties(text);
  if (!parsed.ok) return parsed;
  const found = parsed.properties.filter(({ key }) => key === setting);
  const [property] = found;
  if (property === undefined) return { ok: false, problem: `${setting} is missing` };
  const { line, value, start, end } = property;
  if (found.length > 1) {
    const lines = found.map((one) => one.line).join(', ');
    return { ok: false, problem: `${setting} is listed more than once (lines ${lines}): leave one` };
  }
  if (isPlaceholder(value)) {
    return { ok: false, problem: `line ${line}: ${setting} is a placeholder, not the secret itself` };
  }
  // A line that is nothing but a key has an empty value, and needs a separator before another one.
  return { ok: true, secret: value, start, end, write: (secret) => (property.separated ? '' : '=') + secret };
}

/** Whether Spring would replace a part of this value. */
function isPlaceholder(value: string): boolean {
  return /[$#]\{/.test(value);
}

/** Spring's words for `true`. Any other word counts as false here, so that it is reported. */
export function toBoolean(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : ['true', 'on', 'yes', '1'].includes(value.toLowerCase());
}
