import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildClient } from '../../client/build.ts';
import { demoClientId } from '../../local/oidc-provider/client.ts';
import { freePorts } from '../support/free-ports.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { launchChromium } from './chromium.ts';
import { PROJECT, ROOT } from '../support/project.ts';

const patience = { timeout: 30_000 };
vi.setConfig({ testTimeout: 90_000 });

let stack: Stack;
let browser: Browser;
const started: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  // The examples import the package by its name, as it is published.
  await buildClient();
  const stateDir = await mkdtemp(join(tmpdir(), 'streampass-examples-'));
  started.push(() => rm(stateDir, { recursive: true, force: true }));
  stack = await startStack({ ports: await freePorts(), project: PROJECT, stateDir, profile: 'default' });
  started.push(stack.close);
  browser = await launchChromium('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
  started.push(() => browser.close());
});
afterAll(async () => {
  for (const end of started.toReversed()) await end();
});

/** The development server that an example's `npm start` starts, on a free port, with the stack's addresses. */
async function startVite(name: string): Promise<string> {
  vi.stubEnv('VITE_TOKEN_ENDPOINT', `${stack.urls.api}/token`);
  vi.stubEnv('VITE_ISSUER', stack.urls.oidc);
  vi.stubEnv('VITE_CLIENT_ID', demoClientId);
  vi.stubEnv('VITE_MEDIA_SERVER', stack.servers['red5']);
  const root = join(ROOT, 'examples', name);
  const cacheDir = await mkdtemp(join(tmpdir(), 'streampass-vite-'));
  started.push(() => rm(cacheDir, { recursive: true, force: true }));
  const server = await createServer({
    root,
    configFile: join(root, 'vite.config.ts'),
    cacheDir,
    logLevel: 'error',
    server: { port: 0, host: 'localhost' },
  });
  await server.listen();
  started.push(() => server.close());
  return server.resolvedUrls?.local[0] ?? '';
}

async function startPlain(): Promise<string> {
  const { page: port } = await freePorts();
  const server = spawn(process.execPath, [join(ROOT, 'examples/plain/serve.js'), String(port)]);
  started.push(async () => {
    server.kill();
    await once(server, 'close');
  });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  return String(line).trim();
}

/** Opens the example and signs in as a person does. */
async function openAs(user: string, url: string): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(patience.timeout);
  const { api, oidc } = stack.urls;
  const mediaServer = stack.servers['red5'];
  const settings = {
    endpoint: `${api}/token`,
    issuer: oidc,
    clientId: demoClientId,
    mediaServer,
    stream: 'main',
  };
  await context.route('**/settings.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `export const settings = ${JSON.stringify(settings)};`,
    }),
  );
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: user }).click();
  await page.getByText(`Local ${user}`).waitFor();
  return page;
}

/** How far the video has played, in seconds, once it has a picture. */
function playedSeconds(page: Page): Promise<number> {
  return page
    .locator('video')
    .evaluate((video: { readonly videoWidth: number; readonly currentTime: number }) =>
      video.videoWidth > 0 ? video.currentTime : 0,
    );
}

describe.each([
  ['React', () => startVite('react')],
  ['Vue', () => startVite('vue')],
  ['a plain page', startPlain],
])('the example with %s', (_, start) => {
  let url: string;
  beforeAll(async () => {
    url = await start();
  });

  test('shows a viewer what a broadcaster’s camera sends', async () => {
    const [broadcaster, viewer] = await Promise.all([openAs('broadcaster', url), openAs('viewer', url)]);
    await viewer.getByText('Token: ready').waitFor();
    await broadcaster.getByRole('button', { name: 'Go on air' }).click();
    await broadcaster.getByText('On air', { exact: true }).waitFor();
    await expect.poll(() => playedSeconds(viewer), patience).toBeGreaterThan(0.5);
    await Promise.all([broadcaster.context().close(), viewer.context().close()]);
  });

  test('tells a viewer of a room that is not for them, and does not send them to the sign-in', async () => {
    const page = await openAs('viewer', url);
    await page.getByLabel('Room').selectOption('board-meeting');
    await page.getByRole('alert').getByText('You may not watch this.').waitFor();
    expect(await page.getByRole('button', { name: 'Sign in again' }).isVisible()).toBe(false);
    await page.getByLabel('Room').selectOption('public-sport');
    await page.getByText('Token: ready').waitFor();
    expect(await page.getByRole('alert').filter({ hasText: 'You may not' }).count()).toBe(0);
    await page.context().close();
  });

  test('leaves nothing red in the console', async () => {
    const page = await openAs('viewer', url);
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.reload();
    await page.getByText('Token: ready').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

test.each(['react', 'vue', 'plain'])('the types of examples/%s hold', async (name) => {
  const folder = join(ROOT, 'examples', name);
  const require = createRequire(join(folder, 'package.json'));
  const tsc = require
    .resolve('typescript/package.json')
    .replace('package.json', name === 'vue' ? 'lib/tsc.js' : 'bin/tsc');
  const command =
    name === 'vue' ? ['-e', `process.argv.splice(1); require('vue-tsc').run(${JSON.stringify(tsc)})`] : [tsc];
  const compiler = spawn(process.execPath, command, { cwd: folder });
  const output: string[] = [];
  compiler.stdout.on('data', (text: Buffer) => output.push(String(text)));
  compiler.stderr.on('data', (text: Buffer) => output.push(String(text)));
  await once(compiler, 'close');
  expect(output.join('')).toBe('');
});
