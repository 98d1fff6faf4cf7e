import { safeParse, type GenericSchema } from 'valibot';
import type { FileEncoding } from './file-text.ts';

/**
 * What every format of a media server's configuration file offers. Strings in, values out: reading the file, replacing
 * it and reloading the server are the caller's.
 */

/** The secret as the server itself would read it (`''` if the file holds an empty one), or why it cannot be known. */
export type ReadSecret =
  { readonly ok: true; readonly secret: string } | { readonly ok: false; readonly problem: string };

/** The secret and its place in the text: `start` included, `end` not. */
export interface SecretPlace {
  readonly secret: string;
  readonly start: number;
  readonly end: number;
  /** How another secret is written in this place. */
  readonly write: (secret: string) => string;
}

/** The one place of the secret, or why it cannot be known or must not be changed. A problem never holds a secret. */
export type FoundSecret =
  ({ readonly ok: true } & SecretPlace) | { readonly ok: false; readonly problem: string };

/** The whole text with the one value changed and the range that it had before, or why it was left alone. */
export type ReplacedText =
  | { readonly ok: true; readonly text: string; readonly range: Pick<SecretPlace, 'start' | 'end'> }
  | { readonly ok: false; readonly problem: string };

/** A server's settings that decide about tokens, or why the file cannot be read. */
export type ReadSettings<Settings> =
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problem: string };

/** What streampass puts into the tokens for these servers. A member that is absent is not compared. */
export interface ExpectedSettings {
  /** `iss` of our tokens. */
  readonly issuer?: string;
  /** `aud` of our tokens. */
  readonly audience?: string;
  /** `sub` of our Jitsi tokens: the domain. */
  readonly domain?: string;
  /** Seconds · the longest lifetime that a token for these servers may have. */
  readonly longestTokenSeconds: number;
  /** Seconds · the largest difference between the issuer's clock and the server's. */
  readonly clockSkewSeconds: number;
}

/** How one format of file is read and written. None of its functions throws, whatever the text. */
export interface FormatRules<Settings> {
  /** The setting that holds the secret, in the server's own spelling. */
  readonly secretSetting: string;
  readonly encoding: FileEncoding;
  readonly findSecret: (text: string) => FoundSecret;
  readonly readSettings: (text: string) => ReadSettings<Settings>;
  /** The settings as a node reports them, in JSON. */
  readonly settingsSchema: GenericSchema<unknown, Settings>;
  /** One line for each setting that would make the server refuse our tokens, or let people in without one. */
  readonly settingsProblems: (settings: Settings, expected: ExpectedSettings) => readonly string[];
}

/** One format of configuration file: how its secret is read and replaced, and which settings refuse our tokens. */
export interface ConfigFileFormat<Settings> extends FormatRules<Settings> {
  readonly readSecret: (text: string) => ReadSecret;
  /** Changes the one value and no other character, or nothing. */
  readonly replaceSecret: (text: string, secret: string) => ReplacedText;
  /** The problems (`settingsProblems`) of the settings in a file's text. */
  readonly problems: (text: string, expected: ExpectedSettings) => readonly string[];
  /** The same of settings that a node reports. The value may have any form: it is checked here. */
  readonly reportedProblems: (settings: unknown, expected: ExpectedSettings) => readonly string[];
}

/** The format that these rules describe. */
export function configFileFormat<Settings>(rules: FormatRules<Settings>): ConfigFileFormat<Settings> {
  const readSecret = (text: string): ReadSecret => {
    const found = rules.findSecret(text);
    return found.ok ? { ok: true, secret: found.secret } : found;
  };
  return {
    ...rules,
    readSecret,
    replaceSecret(text, secret) {
      if (secret === '') return { ok: false, problem: 'the new secret is empty' };
      const found = rules.findSecret(text);
      if (!found.ok) return found;
      if (found.secret.includes('-----BEGIN'))
        return { ok: false, problem: `${rules.secretSetting} ${PUBLIC_KEY}` };
      const { start, end } = found;
      const replaced = text.slice(0, start) + found.write(secret) + text.slice(end);
      // The file may use syntax that we do not know: refuse it, because a wrong change would break the server.
      const readBack = readSecret(replaced);
      if (!readBack.ok || readBack.secret !== secret) return { ok: false, problem: NOT_READ_BACK };
      return { ok: true, text: replaced, range: { start, end } };
    },
    problems(text, expected) {
      const read = rules.readSettings(text);
      return read.ok ? rules.settingsProblems(read.settings, expected) : [read.problem];
    },
    reportedProblems(settings, expected) {
      const parsed = safeParse(rules.settingsSchema, settings);
      return parsed.success
        ? rules.settingsProblems(parsed.output, expected)
        : ['sent settings of another form than its kind of server has'];
    },
  };
}

const NOT_READ_BACK = 'the new secret would not be read back as it was written; change the value by hand';
const PUBLIC_KEY =
  'holds a PEM key, so the server verifies public-key signatures: replace it by a shared secret by hand, ' +
  'or give the target an algorithm with public keys';
