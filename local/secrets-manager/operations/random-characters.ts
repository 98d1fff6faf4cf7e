/** A string of `length` characters, each drawn evenly from `alphabet`. */
export function randomCharacters(
  alphabet: string,
  length: number,
  randomInt: (below: number) => number,
): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}

/** Capital letters, of ARN suffixes and passwords. */
export const UPPERCASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Small letters, of the same. */
export const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
/** Digits, of the same. */
export const DIGITS = '0123456789';
