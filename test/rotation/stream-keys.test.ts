import { expect, onTestFinished, test } from 'vitest';
import { ringVersions } from '../../lib/signing-keys/labels.ts';
import { startHarness } from './harness.ts';

const DAY = 86_400;
const LONGEST = 90 * DAY;

test('through two rotations of its secret, a stream key is good for as long as it was made for, and its secret for no longer', async () => {
  const harness = await startHarness({ keys: 'keyring', longestToken: LONGEST, hasFleet: false });
  onTestFinished(harness.close);
  // Our own functions read this ring, so nothing has to be pushed: as functions/wiring/rotated.ts says it.
  Object.assign(harness.target, { policy: { ...harness.target.policy, hasFleet: true } });
  await harness.until('steady');

  const live = (): readonly unknown[] => {
    const stages = Object.entries(harness.labels());
    const byVersion = Map.groupBy(stages, ([, version]) => version);
    return Object.values(
      ringVersions(Object.fromEntries([...byVersion].map(([id, own]) => [id, own.map(([label]) => label)]))),
    ).filter((version) => version !== undefined);
  };
  /** What signed keys, and when the last of its keys ends. */
  const ends = new Map<string, number>();
  const makeKey = (): void => void ends.set(harness.labels()['AWSCURRENT'] ?? '', harness.now + LONGEST);

  for (let rotation = 0; rotation < 2; rotation++) {
    makeKey();
    await harness.run('start');
    for (let step = 0; step < 200; step++) {
      const { phase, next } = await harness.run('advance');
      const needed = [...ends].filter(([, end]) => harness.now < end).map(([version]) => version);
      expect(live()).toEqual(expect.arrayContaining(needed));
      if (phase === 'steady') break;
      makeKey();
      const at = next.at === undefined ? 0 : Date.parse(next.at) / 1000;
      harness.now = Math.max(harness.now + 60, Math.min(at, harness.now + DAY));
    }
  }

  expect(ends.size).toBe(3);
  expect(live()).toEqual([harness.labels()['AWSCURRENT']]);
});
