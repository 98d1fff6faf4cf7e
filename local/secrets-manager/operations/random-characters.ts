/** A string of `length` characters, each drawn evenly from `alphabet`. */
export function randomCharacters(
  alphabet: string,
  length: number,
  randomInt: (below: number) => number,
): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}

/** The letters and digits of ARN suffixes and passwords. */
export const UPPERCASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
export const DIGITS = '0123456789';
