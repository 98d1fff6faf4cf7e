import { setTimeout as delay } from 'node:timers/promises';
import type { Page, Route } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { ask, keepScreenshot, patience, redLines, startDemo, type Demo } from './demo.ts';

/** A whole rotation with the demo profile's own waits, which pass six times as fast for everyone. */
let demo: Demo;

beforeAll(async () => {
  demo = await startDemo({ factor: 6 });
  return demo.close;
});

test('viewers stay connected through a whole rotation, by fallback where needed, and none is rejected', async () => {
  const page = await demo.openAs('viewer', { colorScheme: 'dark' });
  const red = redLines(page);
  await ask(page, { room: 'public-news', role: 'watch' });
  await page.getByRole('button', { name: 'Stay connected' }).click();
  const count = async (name: string): Promise<number> =>
    Number(await page.locator(`#count-${name}`).textContent());
  await expect.poll(() => count('first'), patience).toBeGreaterThan(4);
  const before = await page.locator('#nodes .chip').allTextContents();

  await page.getByRole('button', { name: 'Start a rotation' }).click();
  const ended = page.getByText('The rotation has ended');
  await Promise.all([seePhases(page), advanceUntil(() => ended.isVisible())]);
  expect(await ended.textContent()).toBe('The rotation has ended: 0 rejected');
  await keepScreenshot(page, 'rotation-done');

  const after = await page.locator('#nodes .chip').allTextContents();
  expect(after).toHaveLength(3);
  expect(new Set(after).size).toBe(1);
  expect(after[0]).not.toBe(before[0]);
  expect(after[0]).toContain('current');
  expect(await count('fallback')).toBeGreaterThan(0);
  expect(await count('rejected')).toBe(0);
  expect(await count('fresh')).toBe(0);
  expect(red).toEqual([]);

  const { nodes } = (await (await fetch(`${demo.stack.servers['red5']}/status`)).json()) as {
    readonly nodes: readonly { readonly connected: number; readonly secretFingerprint: string }[];
  };
  expect(new Set(nodes.map(({ secretFingerprint }) => secretFingerprint)).size).toBe(1);
  expect(nodes.every(({ connected }) => connected > 0)).toBe(true);
  await page.context().close();
});

test('an emergency asks first, then replaces the secret at once, and the page says who is turned away', async () => {
  const page = await demo.openAs('viewer');
  await page.getByText('Nothing is due').waitFor();
  // The next rotation is months away, so a time of day would say nothing.
  expect(await page.locator('#rotation-now').textContent()).toMatch(/Until .*\d{4}\.$/);
  await ask(page, { room: 'public-news', role: 'watch' });
  await page.getByRole('button', { name: 'Stay connected' }).click();
  await expect.poll(() => page.locator('#count-first').textContent(), patience).not.toBe('0');
  const chips = (): Promise<string[]> => page.locator('#nodes .chip').allTextContents();
  const before = await chips();
  await page.getByRole('button', { name: 'Emergency' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(await chips()).toEqual(before);

  await page.route('**/rotation', refuseAction);
  await page.getByRole('button', { name: 'Emergency' }).click();
  await page.getByRole('button', { name: 'Replace it now' }).click();
  await page.locator('#rotation-problem', { hasText: 'Nothing was changed' }).waitFor();
  expect(await page.locator('#rotation-problem').textContent()).toContain(JUST_DONE);
  expect(await page.locator('#connect-notice').textContent()).toMatch(/^Four viewers connect/);
  expect(await chips()).toEqual(before);
  await page.unroute('**/rotation');

  await page.getByRole('button', { name: 'Emergency' }).click();
  await keepScreenshot(page, 'emergency');
  await page.getByRole('button', { name: 'Replace it now' }).click();
  const stillThere = async (): Promise<string[]> => (await chips()).filter((chip) => before.includes(chip));
  await expect.poll(stillThere, patience).toEqual([]);
  const notice = page.locator('#connect-notice .notice.bad', { hasText: 'The secret was replaced at once' });
  await expect.poll(() => page.locator('#count-rejected').textContent(), patience).not.toBe('0');
  await expect.poll(() => notice.textContent(), patience).toMatch(/[1-9]\d* rejected/);
  // In the server's own words.
  expect(await notice.locator('code').textContent()).toMatch(/./);
});

const JUST_DONE = 'An emergency replaced the secret just now, so start changed nothing.';

/** Answers a button of the rotation with a refusal, as `rotate` does for ten minutes after an emergency. */
async function refuseAction(route: Route): Promise<void> {
  if (route.request().method() === 'GET') return route.fallback();
  const report = (await (await fetch(`${demo.stack.urls.page}/rotation`)).json()) as {
    readonly targets: Record<string, object>;
  };
  const next = { step: 'refuse', reason: 'emergency_just_done', why: JUST_DONE };
  report.targets['red5'] = { ...report.targets['red5'], next };
  await route.fulfill({ json: report });
}

/** Waits for the phases as the timeline shows them, one after another. */
async function seePhases(page: Page): Promise<void> {
  for (const phase of ['Announced', 'Pushing', 'Promoted']) {
    await page.locator('#timeline [aria-current=step]', { hasText: phase }).waitFor();
    await keepScreenshot(page, `rotation-${phase.toLowerCase()}`);
  }
}

/** Between two `advance`. The stack's own schedule, every two seconds, would be slow for this clock. */
const tickMs = 250;

async function advanceUntil(isOver: () => Promise<boolean>): Promise<void> {
  while (!(await isOver())) {
    await demo.stack.rotate({ action: 'advance' });
    await delay(tickMs);
  }
}
