import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patternsMeet } from '../../lib/policy/patterns-meet.ts';
import { compileRooms, matchRooms, roomPatternProblem } from '../../lib/policy/room.ts';

const GRAMMAR = { foldsRoomCase: false };
const LETTERS = ['a', 'b', '-'];

/** All rooms of at most five of these letters. */
const ROOMS = Array.from({ length: 5 }).reduce<string[]>(
  (rooms) => [
    ...new Set(['', ...rooms.flatMap((room) => LETTERS.map((letter) => room + letter))].concat(rooms)),
  ],
  [''],
);

const fixed = fc
  .tuple(fc.array(fc.constantFrom(...LETTERS), { maxLength: 3 }), fc.constantFrom('', '*'))
  .map(([letters, star]) => letters.join('') + star)
  .filter((pattern) => roomPatternProblem(pattern, GRAMMAR) === undefined);

function matches(pattern: string, room: string, claims: Readonly<Record<string, string>>): boolean {
  return matchRooms(compileRooms([pattern], GRAMMAR), claims).matches(room);
}

describe('two patterns', () => {
  test.each([
    ['news-*', 'news-1', true],
    ['news-*', 'sport-*', false],
    ['*', 'anything', true],
    ['acme~*', '${tenant}~*', true],
    ['acme~lobby', '${tenant}~*', true],
    ['lobby', '${tenant}~*', false],
    ['a${tenant}', 'b${tenant}', false],
    ['${a}-x', '${b}-y', false],
    ['${a}-${b}', '${c}-news', true],
    ['live/*', '${tenant}/*', true],
  ])('%s and %s share a room: %s', (one, other, isShared) => {
    expect(patternsMeet(one, other)).toBe(isShared);
    expect(patternsMeet(other, one)).toBe(isShared);
  });

  test('without claims share one exactly if some room is matched by both', () => {
    fc.assert(
      fc.property(fixed, fixed, (one, other) => {
        const isShared = ROOMS.some((room) => matches(one, room, {}) && matches(other, room, {}));
        expect(patternsMeet(one, other)).toBe(isShared);
      }),
    );
  });

  test('with claims share every room that two users reach, whoever they are', () => {
    const part = fc.constantFrom('a', 'b', '-', '${t}', '*');
    const pattern = fc
      .array(part, { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''))
      .filter((text) => roomPatternProblem(text, GRAMMAR) === undefined);
    const value = fc.constantFrom('a', 'b', 'ab', 'a-b', 'a-');
    fc.assert(
      fc.property(pattern, pattern, value, value, fc.constantFrom(...ROOMS), (one, other, t1, t2, room) => {
        const isShared = matches(one, room, { t: t1 }) && matches(other, room, { t: t2 });
        if (isShared) expect(patternsMeet(one, other)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
