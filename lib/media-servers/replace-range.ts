import type { ReadSecret, ReplacedText } from './config-file.ts';

/** What `openssl rand -base64 32` and base64url make: nothing that any of the formats would need to escape. */
const writableSecret = /^[A-Za-z0-9+/=_-]+$/;

/** A part of a text: `start` included, `end` not. */
interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Says what is wrong with a secret that is to be written to a file; `undefined` where it may be. */
export function unwritableSecret(secret: string): string | undefined {
  if (secret === '') return 'the new secret is empty';
  if (writableSecret.test(secret)) return undefined;
  return 'the new secret holds characters other than A-Z a-z 0-9 + / = _ -';
}

/**
 * The text with `written` in the place of the range, but only where the format reads exactly `secret` back from the
 * result: a file whose syntax is stranger than we think is refused instead of broken.
 */
export function replaceRange(
  text: string,
  { start, end }: TextRange,
  {
    written,
    secret,
    readSecret,
  }: { written: string; secret: string; readSecret: (text: string) => ReadSecret },
): ReplacedText {
  const replaced = text.slice(0, start) + written + text.slice(end);
  const readBack = readSecret(replaced);
  if (readBack.ok && readBack.secret === secret) return { ok: true, text: replaced };
  return {
    ok: false,
    problem: 'the new secret would not be read back as it was written; change the value by hand',
  };
}
