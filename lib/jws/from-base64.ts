/** The `alphabet` of {@link fromBase64}. */
export interface FromBase64Options {
  readonly alphabet: 'base64' | 'base64url';
}

const TEXT_OF = { base64: /^[A-Za-z0-9+/]*={0,2}$/, base64url: /^[\w-]*={0,2}$/ };

/**
 * `Uint8Array.fromBase64` of ECMAScript 2026, which Node 24 lacks: without it, `jose` copies the bytes one by one. The bundler
 * replaces that name by this function, so `jose` calls it.
 *
 * @throws {SyntaxError} if the text holds a character that is not of this alphabet, also white space
 */
export function fromBase64(
  text: string,
  { alphabet = 'base64' }: Partial<FromBase64Options> = {},
): Uint8Array {
  if (!TEXT_OF[alphabet].test(text)) throw new SyntaxError(`is not ${alphabet}`);
  return Buffer.from(text, alphabet);
}
