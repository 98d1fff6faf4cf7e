import { describe, expect, test } from 'vitest';
import { largeFleet } from '../support/large-fleet.ts';

/** Runs until the report says that every answer is in; how many that took. */
async function runsUntilLooked(fleet: ReturnType<typeof largeFleet>): Promise<number> {
  for (let runs = 1; runs <= 20; runs++) {
    await fleet.run();
    if (fleet.target.memory.look?.complete === true) return runs;
  }
  throw new Error('no look was complete within 20 runs');
}

describe.each([
  [1000, 2],
  [10_000, 5],
])('a fleet of %i nodes of which 1 % are silent', (size, most) => {
  test(`is looked at within ${most} runs, with one command`, { timeout: 60_000 }, async () => {
    const fleet = largeFleet(size, 100);
    await fleet.create();
    await fleet.run();
    expect(await runsUntilLooked(fleet)).toBeLessThanOrEqual(most);
    const observations = fleet.commands.counts.commands - 1; // One command brought the first secret.
    expect(observations).toBeLessThanOrEqual(2);
    const silent = fleet.target.memory.look?.nodes.filter(({ problem }) => problem !== undefined) ?? [];
    expect(silent).toHaveLength(size / 100);
    expect(silent[0]?.problem).toBe('did not answer: Systems Manager says DeliveryTimedOut');
  });
});

test('a steady fleet costs four commands an hour', async () => {
  const fleet = largeFleet(20);
  await fleet.create();
  for (let minute = 0; minute < 10; minute++) await fleet.run();
  const before = fleet.commands.counts.commands;
  for (let minute = 0; minute < 60; minute++) await fleet.run();
  expect(fleet.commands.counts.commands - before).toBe(4);
});

describe('in an emergency', () => {
  test('the first node in the order of AWS fails, and every other node gets the new secret in the first round', async () => {
    const fleet = largeFleet(200, 50);
    await fleet.create();
    for (let minute = 0; minute < 6; minute++) await fleet.run();
    (fleet.nodes[0] as { isBroken: boolean }).isBroken = true;
    const leaked = fleet.nodes[1]?.secret ?? '';
    await fleet.run('emergency');
    const left = fleet.nodes.filter(({ secret }) => secret === leaked).map(({ id }) => id);
    expect(left).toEqual(['i-0']);
  });
});

test('an ordinary push ends at the first node that fails, and tries that one again with growing pauses', async () => {
  const fleet = largeFleet(50);
  await fleet.create();
  for (let minute = 0; minute < 6; minute++) await fleet.run();
  const bad = fleet.nodes[3] as { isBroken: boolean; reloads: number };
  bad.isBroken = true;
  bad.reloads = 0;
  await fleet.run('start');
  for (let minute = 0; minute < 180; minute++) await fleet.run();
  expect(bad.reloads).toBeGreaterThan(1);
  expect(bad.reloads).toBeLessThan(20);
  bad.isBroken = false;
  for (let minute = 0; minute < 240; minute++) await fleet.run();
  expect((await fleet.run()).phase).toBe('steady');
  expect(new Set(fleet.nodes.map(({ secret }) => secret)).size).toBe(1);
});
