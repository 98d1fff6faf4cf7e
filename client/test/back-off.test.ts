import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOffMs } from '../src/back-off.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const failures = fc.nat({ max: 2000 });

test('is never sooner than the server asked, and at most a quarter later', () => {
  fc.assert(
    fc.property(failures, random, fc.integer({ min: 1, max: 3600 }), (before, chance, asked) => {
      const ms = backOffMs(before, chance, asked);
      expect(ms).toBeGreaterThanOrEqual(asked * 1000);
      expect(ms).toBeLessThanOrEqual(asked * 1250);
    }),
  );
});

test('is between half a second and a minute without a word from the server', () => {
  fc.assert(
    fc.property(failures, random, (before, chance) => {
      expect(backOffMs(before, chance, undefined)).toBeGreaterThanOrEqual(500);
      expect(backOffMs(before, chance, undefined)).toBeLessThanOrEqual(60_000);
    }),
  );
});

test('a server that asks for a year is asked again after an hour', () => {
  expect(backOffMs(0, 0, 31_536_000)).toBe(3_600_000);
});
