import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, keepScreenshot, patience, signIn, startDemo, type Demo } from './demo.ts';

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
  return demo.close;
});

describe('a sign-in', () => {
  test.for(['broadcaster', 'viewer', 'moderator'] as const)(
    'of the %s shows who it is',
    async (user, { expect }) => {
      const page = await demo.openAs(user);
      await expect
        .poll(() => page.locator('#person-groups').textContent(), patience)
        .toBe(`${user}, in the group ${user}s`);
      expect(new URL(page.url()).pathname).toBe('/');
      expect(new URL(page.url()).search).toBe('');
      await page.context().close();
    },
  );

  test('can be changed for another and ended', async ({ expect }) => {
    const page = await demo.openAs('viewer');
    await page.getByRole('button', { name: 'Change person' }).click();
    await page.getByRole('button', { name: 'moderator' }).click();
    await page.getByText('Local moderator').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${demo.stack.urls.oidc}/**`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Get a token' }).isDisabled()).toBe(true);
    await page.context().close();
  });

  test('that this tab did not begin is refused', async ({ expect }) => {
    const page = await demo.open();
    await page.goto(`${demo.stack.urls.page}/callback?code=stolen&state=guessed`);
    await page.getByRole('alert').getByText('This sign-in was not begun in this tab.').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.context().close();
  });
});

describe('an exchange', () => {
  test('is sent without a CORS preflight, and its answer is shown as claims and a countdown', async ({
    expect,
  }) => {
    const page = await demo.openAs('viewer');
    const requests = await networkLog(page);
    await ask(page, { room: 'public-news', role: 'watch' });
    await page.getByRole('heading', { name: 'Claims of the token' }).waitFor();
    const claims = await page.locator('#claims tr').allInnerTexts();
    expect(claims.map((line) => line.split('\t').slice(0, 2).join(' ').replace(/\s+/g, ' '))).toEqual(
      expect.arrayContaining(['roles red5-subscriber', 'red5-room public-news', 'red5-transport WHEP']),
    );
    expect(await page.locator('#renewal').textContent()).toMatch(/^0:3[0-6]$/);

    await page.getByRole('button', { name: 'Stay connected' }).click();
    await page.locator('#count-first', { hasNotText: /^0$/ }).waitFor();
    const { urls, servers } = demo.stack;
    const { api } = urls;
    const red5 = servers['red5'] ?? '';
    const methodsTo = (url: string): string[] => requests.filter((line) => line.includes(url));
    expect(new Set(methodsTo(api))).toEqual(new Set([`POST ${api}/token`]));
    // The log does show preflights: JSON to the media server needs one.
    expect(methodsTo(red5).some((line) => line.startsWith('OPTIONS'))).toBe(true);
    await page.context().close();
  });

  test.each([
    { server: 'Red5 Pro', role: 'publish', says: 'by the first token' },
    { server: 'Red5 Pro', role: 'watch', says: '201 Created' },
    { server: 'Jitsi', role: 'moderate', says: 'In the room, as moderator.' },
    { server: 'Jitsi', role: 'take part', says: 'In the room, as participant.' },
    { server: 'rtcstats', role: 'report', says: 'The WebSocket is open' },
  ])('lets a moderator connect to $server to $role', async ({ server, role, says }) => {
    const page = await demo.openAs('moderator');
    await ask(page, { server, role, room: 'board' });
    await page.getByRole('button', { name: 'Connect once' }).click();
    await page.locator('#connect-notice').getByText(says).waitFor();
    expect(await page.locator('#count-first').textContent()).toBe('1');
    await page.context().close();
  });
});

test('one exchange for all servers connects to each of them, in one session', async ({ expect }) => {
  const page = await demo.openAs('viewer');
  const requests = await networkLog(page);
  await page.getByLabel('In the same exchange').check();
  await ask(page, { room: 'public-news' });
  await page.locator('#targets', { hasText: 'red5, jitsi, rtcstats' }).waitFor();
  const session = (await page.locator('#session').textContent()) ?? '';
  expect(await page.locator('#request').textContent()).toContain(`session=${session}`);
  for (const server of ['Red5 Pro', 'Jitsi', 'rtcstats']) {
    await page.getByRole('radio', { name: server }).check();
    await page.getByRole('button', { name: 'Connect once' }).click();
    await page.locator('#connect-notice').getByText(`${server} let you in`).waitFor();
  }
  expect(requests.filter((line) => line.includes(`${demo.stack.urls.api}/token`))).toHaveLength(1);
  await page.context().close();
});

describe('what a person may not do', () => {
  test('is refused in the words of the API', async ({ expect }) => {
    const page = await demo.openAs('viewer');
    await ask(page, { room: 'board', role: 'watch' });
    await page.getByText('You may not do this').waitFor();
    expect(await page.locator('#token-notice code').textContent()).toMatch(/^room_not_allowed: .+/);
    await keepScreenshot(page, 'not-allowed');
    await page.context().close();
  });

  test('is refused in the words of the media server, where the token is for another room', async ({
    expect,
  }) => {
    const page = await demo.openAs('viewer');
    await ask(page, { room: 'public-news', role: 'watch' });
    await page.getByText('With the held token:').waitFor();
    await page.getByLabel('Room').fill('public-sport');
    await page.getByRole('button', { name: 'Connect once' }).click();
    await page
      .getByText('With the held token, which is for room public-news: Red5 Pro, room public-sport')
      .waitFor();
    await page.getByText('Red5 Pro turned you away, in its own words').waitFor();
    expect(await page.locator('#count-rejected').textContent()).toBe('1');
    expect(await page.locator('#connect-notice code').textContent()).toContain('room');
    await page.context().close();
  });
});

describe('an outage of the API', () => {
  test('is waited through, and said, until it is over', async () => {
    const page = await demo.openAs('viewer');
    await demo.stack.api.pause();
    await ask(page, { room: 'public-news' });
    await page.getByText('The API does not answer now').waitFor();
    await demo.stack.api.resume();
    await page.getByRole('heading', { name: 'Claims of the token' }).waitFor();
    await expect.poll(() => page.locator('#token-notice').textContent(), patience).toBe('');
    await page.context().close();
  });
});

describe('CORS', () => {
  test('lets the page read a refusal too', async () => {
    const page = await demo.open();
    expect(await exchangeFrom(page)).toMatch(/^400 parameter_missing/);
    await page.context().close();
  });

  test('lets another page of this machine read it, so that people develop their own', async () => {
    const page = await demo.open();
    await page.goto(demo.stack.urls.page.replace('localhost', '127.0.0.1'));
    expect(await exchangeFrom(page)).toMatch(/^400 parameter_missing/);
    await page.context().close();
  });

  test('lets no other site read anything, though the exchange is a simple request', async () => {
    const page = await demo.open();
    await page.route('http://elsewhere.example/', (route) => route.fulfill({ body: 'a page' }));
    await page.goto('http://elsewhere.example/');
    expect(await exchangeFrom(page)).toBe('TypeError');
    await page.context().close();
  });

  test.each([
    ['an answer', '/.well-known/oauth-authorization-server', 'GET', 200],
    ['a refusal', '/token', 'POST', 400],
  ])(
    'names the origin on %s, varies by it, and allows no credentials',
    async (_what, path, method, status) => {
      const { api, page } = demo.stack.urls;
      const answerTo = (origin: string): Promise<Response> =>
        fetch(`${api}${path}`, { method, headers: { origin } });
      const own = await answerTo(page);
      expect(own.status).toBe(status);
      expect(own.headers.get('access-control-allow-origin')).toBe(page);
      expect(own.headers.get('vary')?.toLowerCase()).toContain('origin');
      expect(own.headers.get('access-control-allow-credentials')).not.toBe('true');
      expect(own.headers.get('access-control-expose-headers')).toContain('retry-after');
      const other = await answerTo('https://elsewhere.example');
      expect(other.status).toBe(status);
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});

describe('the page', () => {
  test.for([
    { name: 'wide-light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
    { name: 'wide-dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
    { name: 'narrow-light', colorScheme: 'light', viewport: { width: 360, height: 780 } },
    { name: 'narrow-dark', colorScheme: 'dark', viewport: { width: 360, height: 780 } },
  ] as const)(
    'fits $name without scrolling sideways or past claims, and breaks no rule of its policy or of axe',
    async ({ name, ...options }, { expect }) => {
      const page = await demo.open(options);
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await signIn(page, 'viewer');
      await ask(page, { room: 'public-news', role: 'watch' });
      await page.getByRole('button', { name: 'Stay connected' }).click();
      await expect.poll(() => page.locator('#viewers tr').count(), patience).toBe(4);
      await keepScreenshot(page, name);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(await page.locator('#claims').isVisible()).toBe(name.startsWith('wide'));
      await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
      expect(await rulesBroken(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  test('is used by keyboard alone, from the sign-in to a connection', async () => {
    const page = await demo.open();
    const press = async (name: string): Promise<void> => {
      await tabTo(page, name);
      await page.keyboard.press('Enter');
    };
    await press('Sign in');
    await page.waitForURL(`${demo.stack.urls.oidc}/**`);
    await press('moderator');
    await page.getByText('Local moderator').waitFor();
    await tabTo(page, 'Red5 Pro');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab');
    await page.keyboard.type('board');
    await press('Get a token');
    await page.getByText('With the held token: Jitsi').waitFor();
    await press('Connect once');
    await page.getByText('Jitsi let you in').waitFor();
    await page.context().close();
  });

  test('names every control for a screen reader', async ({ expect }) => {
    const page = await demo.open();
    const names = await page.evaluate<string[]>(
      `[...document.querySelectorAll('button, input, select, summary')].map(${labelOf})`,
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names).not.toContain('');
    await page.context().close();
  });
});

/** The rules of axe (WCAG and good practice) that the page as it stands breaks, each with the first element that does. */
async function rulesBroken(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's own policy lets no script in.
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
  );
}

/** `METHOD URL` of all that the page sends from now on, preflights too: Playwright's own events leave these out. */
async function networkLog(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const log: string[] = [];
  session.on('Network.requestWillBeSent', ({ request }) => log.push(`${request.method} ${request.url}`));
  await session.send('Network.enable');
  return log;
}

/** What the page's own script can read of a form that the API refuses: status and reason, or the error's name. */
function exchangeFrom(page: Page): Promise<string> {
  return page.evaluate<string>(
    `fetch('${demo.stack.urls.api}/token', { method: 'POST', body: new URLSearchParams({ audience: 'red5' }) })
      .then(async (response) => response.status + ' ' + (await response.json()).reason, (error) => error.name)`,
  );
}

/** In the page: what a control is called. */
const labelOf = `(control) => (control.labels?.[0] ?? control).textContent.trim()`;

/** Goes on by the Tab key until the control of that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(`(${labelOf})(document.activeElement)`);
    if (focused.startsWith(name)) return;
  }
  throw new Error(`the Tab key never reaches "${name}"`);
}
