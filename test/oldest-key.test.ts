import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oldestKeyOf, roomIn } from '../lib/oldest-key.ts';

test('the oldest key is always the first of the map, whatever was added, deleted and added again', () => {
  const step = fc.oneof(
    fc.record({ set: fc.nat(9) }),
    fc.record({ delete: fc.nat(9) }),
    fc.constant('evict' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new Map<number, true>();
      const oldestKey = oldestKeyOf(map);
      for (const one of steps) {
        if (one === 'evict') {
          const oldest = oldestKey();
          expect(oldest).toBe(map.keys().next().value);
          if (oldest !== undefined) map.delete(oldest);
        } else if ('set' in one) map.set(one.set, true);
        else map.delete(one.delete);
      }
    }),
  );
});

test('a map with room for so many keeps the newest of them', () => {
  const map = new Map<string, true>();
  const makeRoom = roomIn(map, 3);
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    makeRoom();
    map.set(key, true);
  }
  expect([...map.keys()]).toEqual(['c', 'd', 'e']);
});
