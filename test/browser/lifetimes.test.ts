import type { Page } from 'playwright-core';
import { beforeAll, describe, test } from 'vitest';
import { ask, keepScreenshot, patience, startDemo, type Demo } from './demo.ts';

/** What happens as tokens and sign-ins come to their end, with time four times as fast for everyone: in more haste, a busy
 * machine is too slow for an exchange of five seconds. */
let demo: Demo;

const idTokenTtlSeconds = 100;
const tokenEnded = 'The token has ended before a new one came';

beforeAll(async () => {
  demo = await startDemo({ factor: 4, idTokenTtlSeconds });
  return demo.close;
});

describe.concurrent('as time passes', () => {
  test('a token is renewed in the background, once, before its end, which is told if no other came', async ({
    expect,
  }) => {
    const page = await demo.openAs('viewer');
    let exchanges = 0;
    page.on('request', (request) => (exchanges += request.url().endsWith('/token') ? 1 : 0));
    const first = await getToken(page);
    await expect.poll(() => claim(page, 'jti'), patience).not.toBe(first.jti);
    expect(exchanges).toBe(2);
    expect(Number(await claim(page, 'iat'))).toBeLessThan(first.exp);

    let underWay = 0;
    page.on('request', (request) => (underWay += request.url().endsWith('/token') ? 1 : 0));
    page.on('requestfailed', (request) => (underWay -= request.url().endsWith('/token') ? 1 : 0));
    await page.route('**/token', () => {
      // No answer ever comes: the client stops waiting by itself.
    });
    // Each time that the network is back, the client asks at once, so that an exchange is under way at the token's end.
    await page.evaluate(`globalThis.waking = setInterval(() => dispatchEvent(new Event('online')), 1000)`);
    await page.getByText(tokenEnded).waitFor();
    await page.evaluate('clearInterval(globalThis.waking)');
    // The exchange under way fails after the end of the token.
    await expect.poll(() => underWay, patience).toBe(0);
    expect(await page.locator('#token-notice strong').textContent()).toBe(tokenEnded);
  });

  test('a tab that slept past the lifetime connects with a new token at its first attempt', async ({
    expect,
  }) => {
    const page = await demo.openAs('moderator');
    const slept = await getToken(page);
    const wakeUp = await putToSleep(page);
    let exchanges = 0;
    page.on('request', (request) => (exchanges += request.url().endsWith('/token') ? 1 : 0));
    await expect.poll(() => Date.now() / 1000, patience).toBeGreaterThan(slept.exp + 5);
    expect(exchanges).toBe(0);

    await wakeUp();
    await page.getByRole('button', { name: 'Connect once' }).click();
    await page.getByText('Red5 Pro let you in by the first token').waitFor();
    expect(await claim(page, 'jti')).not.toBe(slept.jti);
  });

  test('a sign-in that ended is refused in the words of the API, and the next one goes on', async ({
    expect,
  }) => {
    const page = await demo.openAs('viewer');
    await getToken(page);
    await page.getByText('The sign-in ended at').waitFor();
    await page.getByText(tokenEnded).waitFor();
    await page.getByRole('button', { name: 'Sign in again' }).waitFor();
    await ask(page, {});
    await page.getByText('Your sign-in is over').waitFor();
    expect(await page.locator('#token-notice code').textContent()).toMatch(/^subject_token_expired: .+/);
    await keepScreenshot(page, 'sign-in-ended');

    await page.getByRole('button', { name: 'Sign in again' }).click();
    await page.getByText('The sign-in lasts until').waitFor();
    await getToken(page);
  });
});

/** Stops the page's script, its timers with it, while all clocks go on; gives what wakes it up again. */
async function putToSleep(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  const asleep = new Promise((resolve) => session.once('Debugger.paused', resolve));
  await session.send('Debugger.pause');
  await asleep;
  return async () => {
    await session.send('Debugger.resume');
  };
}

/** Asks for a token by the form as it is, and gives its id and end. */
async function getToken(page: Page): Promise<{ jti: string; exp: number }> {
  await ask(page, { room: 'public-news', role: 'watch' });
  await page.getByRole('heading', { name: 'Claims of the token' }).waitFor();
  return { jti: await claim(page, 'jti'), exp: Number(await claim(page, 'exp')) };
}

/** A claim's value in the table of the page. */
async function claim(page: Page, name: string): Promise<string> {
  const row = page.locator('#claims tr', { has: page.getByRole('rowheader', { name, exact: true }) });
  return (await row.locator('code').textContent()) ?? '';
}
