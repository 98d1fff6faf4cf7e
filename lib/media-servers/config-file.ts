/**
 * What every format of a media server's configuration file offers. Text in, values out: reading the file, writing
 * it atomically and reloading the server are the caller's.
 */

/** The secret as the server itself would read it (`''` where the file holds an empty one), or why it cannot be told. */
export type ReadSecret =
  { readonly ok: true; readonly secret: string } | { readonly ok: false; readonly problem: string };

/** The whole text with the one value changed, or why it was left alone. A problem's text never holds a secret. */
export type ReplacedText =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** A server's settings that decide about tokens, or why the file cannot be read. */
export type ReadSettings<Settings> =
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problem: string };

/** What streampass puts into the tokens for these servers. What is left out is not compared. */
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

/** One format of configuration file: where the shared secret stands in it, and which settings refuse our tokens. */
export interface ConfigFileFormat {
  /** The setting that holds the secret, in the server's own spelling. */
  readonly secretSetting: string;
  /** Never throws, whatever the text. */
  readonly readSecret: (text: string) => ReadSecret;
  /** Changes the one value and no other character, or nothing. Never throws. */
  readonly replaceSecret: (text: string, secret: string) => ReplacedText;
  /** One line for each setting that would make the server refuse our tokens, or let people in without one. */
  readonly problems: (text: string, expected: ExpectedSettings) => readonly string[];
}
