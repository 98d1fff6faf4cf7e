import { expect, test } from 'vitest';
import { oneAtATime } from '../../local/one-at-a-time.ts';

const REPORT = { targets: {} };

/** A `rotate` whose runs end when they are told to, in the order in which they began. */
function scene() {
  const running: { readonly end: () => void; readonly fail: () => void; readonly action: unknown }[] = [];
  const rotate = oneAtATime((event) => {
    const { promise, resolve, reject } = Promise.withResolvers<typeof REPORT>();
    const { action } = event as { readonly action: unknown };
    running.push({ action, end: () => resolve(REPORT), fail: () => reject(new Error('failed')) });
    return promise;
  });
  return { rotate, running, actions: () => running.map(({ action }) => action) };
}

test('a run begins when the one before has ended, and also when that failed', async () => {
  const { rotate, running, actions } = scene();
  const first = rotate({ action: 'advance' });
  const second = rotate({ action: 'start' });
  const third = rotate({ action: 'abort' });
  await Promise.resolve();
  expect(actions()).toEqual(['advance']);
  running[0]?.fail();
  await expect(first).rejects.toThrow('failed');
  await Promise.resolve();
  expect(actions()).toEqual(['advance', 'start']);
  running[1]?.end();
  await second;
  await Promise.resolve();
  running[2]?.end();
  expect(await third).toBe(REPORT);
});

test('a status waits for no run', async () => {
  const { rotate, running, actions } = scene();
  const advance = rotate({ action: 'advance' });
  const status = rotate({ action: 'status' });
  await Promise.resolve();
  expect(actions()).toEqual(['status', 'advance']);
  for (const { end } of running) end();
  await Promise.all([advance, status]);
});
