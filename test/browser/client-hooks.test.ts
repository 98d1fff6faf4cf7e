import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { HookPage } from '../../client/test/pages/hook-page.ts';
import { launchChromium } from './chromium.ts';
import { ROOT } from '../support/project.ts';

vi.setConfig({ testTimeout: 60_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** The page of this framework, with an API that gives `TOKEN-n-of-USER`. */
async function openPage(framework: string): Promise<{ page: Page; exchanges: string[]; red: string[] }> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'client/test/pages', `${framework}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    // The development build: it is the one that has Strict Mode's second mount, and warnings.
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  const exchanges: string[] = [];
  const red: string[] = [];
  page.on('console', (message) => message.type() === 'error' && red.push(message.text()));
  page.on('pageerror', (error) => red.push(error.message));
  await context.route('http://app.test/**', (route) => {
    const request = route.request();
    if (request.method() !== 'POST') {
      const script = `<script type="module">${outputFiles[0]?.text.replaceAll('</script', '<\\/script') ?? ''}</script>`;
      return route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><link rel="icon" href="data:,">${script}`,
      });
    }
    const form = new URLSearchParams(request.postData() ?? '');
    exchanges.push(`${form.get('room')} by ${form.get('subject_token')}`);
    return route.fulfill({ json: { access_token: `token-${exchanges.length}`, expires_in: 900 } });
  });
  await page.goto('http://app.test/');
  return { page, exchanges, red };
}

/** Calls a function of the page in the page. */
function ask<T>(page: Page, call: (hook: HookPage) => T): Promise<Awaited<T>> {
  return page.evaluate(`(${String(call)})(globalThis.page)`);
}

describe.each(['react', 'vue'])('useStreamPass of %s', (framework) => {
  test('sends one exchange, and renders each state', async () => {
    const { page, exchanges, red } = await openPage(framework);
    await page.getByText('a: ready').waitFor();
    const { statuses, errors } = await ask(page, (hook) => hook.seen);
    expect([exchanges, errors, red]).toEqual([['a by first'], [], []]);
    expect(statuses).toContain('pending');
    expect(statuses.at(-1)).toBe('ready');
  });

  test('makes another one for another room, and never shows the closed one', async () => {
    const { page, exchanges, red } = await openPage(framework);
    await page.getByText('a: ready').waitFor();
    await ask(page, (hook) => hook.set('b', 'first'));
    await page.getByText('b: ready').waitFor();
    const seen = await ask(page, (hook) => hook.seen);
    expect([exchanges, seen.closed, red]).toEqual([['a by first', 'b by first'], 0, []]);
  });

  test('calls the function of the last render, and makes no other one for it', async () => {
    const { page, exchanges } = await openPage(framework);
    await page.getByText('a: ready').waitFor();
    await ask(page, (hook) => hook.set('a', 'second'));
    await ask(page, (hook) => hook.renew());
    expect(exchanges).toEqual(['a by first', 'a by second']);
  });

  test('closes with the component', async () => {
    const { page, red } = await openPage(framework);
    await page.getByText('a: ready').waitFor();
    await ask(page, (hook) => hook.unmount());
    await expect.poll(() => ask(page, (hook) => hook.current())).toBe('closed');
    expect(red).toEqual([]);
  });
});
