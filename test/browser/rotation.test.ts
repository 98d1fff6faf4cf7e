import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, keepScreenshot, startDemo, type Demo } from './demo.ts';

/** A whole rotation with the demo profile's own waits, which pass six times as fast for everyone. */
let demo: Demo;

beforeAll(async () => {
  demo = await startDemo({ factor: 6 });
});

afterAll(() => demo.close());

test('viewers stay connected through a whole rotation, by fallback where needed, and none is rejected', async () => {
  const page = await demo.openAs('viewer', { colorScheme: 'dark' });
  await ask(page, { room: 'public-news', role: 'watch' });
  await page.getByRole('button', { name: 'Stay connected' }).click();
  const count = async (name: string): Promise<number> =>
    Number(await page.locator(`#count-${name}`).textContent());
  await expect.poll(() => count('first')).toBeGreaterThan(4);
  const before = await page.locator('#nodes .chip').allTextContents();

  await page.getByRole('button', { name: 'Start a rotation' }).click();
  const advancing = advanceUntil(async () => (await count('rejected')) > 0 || (await hasEnded(page)));
  for (const phase of ['Announced', 'Pushing', 'Promoted']) {
    await page.locator('#timeline [aria-current=step]', { hasText: phase }).waitFor({ timeout: 30_000 });
    await keepScreenshot(page, `rotation-${phase.toLowerCase()}`);
  }
  await advancing;
  await page.getByText('The rotation has ended: 0 rejected').waitFor();
  await keepScreenshot(page, 'rotation-done');

  const after = await page.locator('#nodes .chip').allTextContents();
  expect(after).toHaveLength(3);
  expect(new Set(after).size).toBe(1);
  expect(after[0]).not.toBe(before[0]);
  expect(after[0]).toContain('current');
  expect(await count('fallback')).toBeGreaterThan(0);
  expect(await count('rejected')).toBe(0);
  expect(await count('fresh')).toBe(0);

  const { nodes } = (await (await fetch(`${demo.stack.urls.red5}/status`)).json()) as {
    readonly nodes: readonly { readonly connected: number; readonly secretFingerprint: string }[];
  };
  expect(new Set(nodes.map(({ secretFingerprint }) => secretFingerprint)).size).toBe(1);
  expect(nodes.every(({ connected }) => connected > 0)).toBe(true);
}, 60_000);

/** The schedule's part: the stack's own, every two seconds, would be slow for this clock. */
async function advanceUntil(isOver: () => Promise<boolean>): Promise<void> {
  while (!(await isOver())) {
    await demo.stack.rotate({ action: 'advance' });
    await delay(250);
  }
}

function hasEnded(page: Page): Promise<boolean> {
  return page.getByText('The rotation has ended').isVisible();
}
