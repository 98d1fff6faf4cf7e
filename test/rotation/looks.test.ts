import { expect, test } from 'vitest';
import { LOOK_EVERY, remembered, toLook, withTouched } from '../../lib/rotation/looks.ts';
import type { Look, NodeState } from '../../lib/rotation/state.ts';

const NOW = 1_900_000_000;
const wanted = { required: ['v2'], allowed: undefined };
const nodes = (...holds: string[]): NodeState[] =>
  holds.map((version, index) => ({ node: `n${index}`, holds: [version] }));

/** How long until the next look, rounded to a minute: runs begin a little early or late. */
function pauses(count: number, seen: readonly NodeState[]): number[] {
  let before: Look | undefined;
  return Array.from({ length: count }, () => {
    before = toLook({ nodes: seen }, wanted, NOW, before);
    return Math.round((before.dueAt - NOW) / 60) * 60;
  });
}

test('servers that hold what they should are looked at every 15 minutes', () => {
  expect(pauses(3, nodes('v2', 'v2'))).toEqual([LOOK_EVERY, LOOK_EVERY, LOOK_EVERY]);
});

test('a node that stays behind is looked at with growing pauses', () => {
  expect(pauses(6, nodes('v1', 'v2'))).toEqual([60, 120, 240, 480, 900, 900]);
});

test('a fleet that makes progress is looked at every minute', () => {
  const first = toLook({ nodes: nodes('v1', 'v1', 'v1') }, wanted, NOW, undefined);
  const again = toLook({ nodes: nodes('v1', 'v1', 'v1') }, wanted, NOW, first);
  expect(toLook({ nodes: nodes('v1', 'v1', 'v2') }, wanted, NOW, again).fruitless).toBe(0);
});

test('a look that is not complete is due at once', () => {
  expect(toLook({ nodes: nodes('v1'), complete: false }, wanted, NOW, undefined).dueAt).toBe(NOW);
});

test('a look that takes two runs keeps the growing pause', () => {
  let before: Look | undefined;
  const pauses = Array.from({ length: 3 }, () => {
    before = toLook({ nodes: nodes('v1'), complete: false }, wanted, NOW, before);
    before = toLook({ nodes: nodes('v1') }, wanted, NOW, before);
    return Math.round((before.dueAt - NOW) / 60) * 60;
  });
  expect(pauses).toEqual([60, 120, 240]);
});

test('servers that cannot be listed are looked at with growing pauses too', () => {
  const first = toLook({ nodes: [], problem: 'denied' }, wanted, NOW, undefined);
  const second = toLook({ nodes: [], problem: 'denied' }, wanted, NOW, first);
  expect(second.dueAt).toBeGreaterThan(first.dueAt);
});

test('what a push touched replaces what was seen, and is not what the next invocation saw itself', () => {
  const before = toLook({ nodes: nodes('v1', 'v1') }, wanted, NOW, undefined);
  const after = withTouched(before, [{ node: 'n1', holds: ['v2'] }], wanted, NOW);
  expect(after.nodes.map(({ holds }) => holds)).toEqual([['v1'], ['v2']]);
  expect(remembered(after)?.fresh).toBe(false);
});

test('a push without a look before it makes the next look due', () => {
  expect(withTouched(undefined, nodes('v2'), wanted, NOW)).toMatchObject({ dueAt: NOW, fresh: false });
});
