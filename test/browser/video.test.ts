import { beforeAll, expect, test } from 'vitest';
import { ask, keepScreenshot, patience, redLines, startDemo, type Demo } from './demo.ts';

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
  return demo.close;
});

test('two viewers see what is published by WHIP, and go on seeing it while each node restarts', async () => {
  const page = await demo.openAs('moderator');
  const red = redLines(page);
  await ask(page, { room: 'public-video', role: 'publish and watch' });
  await page.getByRole('button', { name: 'Publish a test picture' }).click();
  await page.getByRole('button', { name: 'Watch', exact: true }).click();
  const framesOf = async (viewer: number): Promise<number> =>
    Number(await page.locator(`#video-${viewer}-frames`).textContent());
  const bothSee = async (least: number): Promise<void> => {
    for (const viewer of [1, 2]) await expect.poll(() => framesOf(viewer), patience).toBeGreaterThan(least);
  };
  await bothSee(30);

  const { servers } = demo.stack.targets['red5'] ?? {};
  if (servers?.by !== 'media server') throw new Error('Red5 has media servers here');
  for (const node of [0, 1, 2]) {
    expect(await servers.server.reload(node)).toMatchObject({ state: 'up' });
    await bothSee(Math.max(await framesOf(1), await framesOf(2)) + 30);
  }
  await keepScreenshot(page, 'video');
  expect(red).toEqual([]);
  await page.context().close();
});
