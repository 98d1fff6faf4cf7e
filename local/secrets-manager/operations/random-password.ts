import type { Input } from '../input.ts';
import { optionalFlag, optionalInteger, optionalText } from '../input.ts';
import { invalidParameter } from '../service-error.ts';
import type { Operation } from './operation.ts';
import { DIGITS, LOWERCASE, randomCharacters, UPPERCASE } from './random-characters.ts';

const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** @see AWS Secrets Manager API, GetRandomPassword */
export const getRandomPassword: Operation = (store, input, { randomInt }) => {
  const length = optionalInteger(input, 'PasswordLength', 1, 4096) ?? 32;
  const eachType = optionalFlag(input, 'RequireEachIncludedType') ?? true;
  const types = includedTypes(input);
  const required = eachType ? types : [];
  if (types.length === 0) throw invalidParameter('The exclusions leave no character for the password.');
  if (length < required.length) {
    throw invalidParameter(`PasswordLength must be at least ${required.length}, one for each included type.`);
  }
  const characters = [
    ...required.map((type) => randomCharacters(type, 1, randomInt)),
    ...Array.from(randomCharacters(types.join(''), length - required.length, randomInt)),
  ];
  return { store, output: { RandomPassword: shuffled(characters, randomInt).join('') } };
};

function includedTypes(input: Input): readonly string[] {
  const excluded = optionalText(input, 'ExcludeCharacters', 0, 4096) ?? '';
  const types = [
    optionalFlag(input, 'ExcludeLowercase') ? '' : LOWERCASE,
    optionalFlag(input, 'ExcludeUppercase') ? '' : UPPERCASE,
    optionalFlag(input, 'ExcludeNumbers') ? '' : DIGITS,
    optionalFlag(input, 'ExcludePunctuation') ? '' : PUNCTUATION,
    optionalFlag(input, 'IncludeSpace') ? ' ' : '',
  ];
  return types
    .map((type) =>
      Array.from(type)
        .filter((character) => !excluded.includes(character))
        .join(''),
    )
    .filter((type) => type !== '');
}

/** Fisher and Yates. */
function shuffled(characters: readonly string[], randomInt: (below: number) => number): readonly string[] {
  const rest = [...characters];
  return characters.flatMap(() => rest.splice(randomInt(rest.length), 1));
}
