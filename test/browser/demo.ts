import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { vi } from 'vitest';
import { freePorts } from '../support/free-ports.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { PROJECT } from '../support/project.ts';
import { launchChromium } from './chromium.ts';
import { speedUpDate, speedUpPage, type FastClock } from './fast-clock.ts';

/** Who the local provider knows. */
export type User = 'broadcaster' | 'viewer' | 'moderator';

/** How the stack of a test file differs from `npm start -- --demo`. */
export interface DemoOptions {
  /** How many times as fast the stack and its pages live; default 1. Call it once a file: this process lives by it too. */
  readonly factor?: number;
  /** How long a sign-in lasts, in seconds of the stack. */
  readonly idTokenTtlSeconds?: number;
}

/** The whole local stack with a real browser before it. */
export interface Demo {
  readonly stack: Stack;
  /** Opens the demo page as somebody who was never there. */
  readonly open: (options?: BrowserContextOptions) => Promise<Page>;
  /** The same, signed in. */
  readonly openAs: (user: User, options?: BrowserContextOptions) => Promise<Page>;
  readonly close: () => Promise<void>;
}

/** For `expect.poll`: how long anything may take in a browser on a machine that is busy. */
export const patience = { timeout: 30_000 };
vi.setConfig({ testTimeout: 60_000 });

const screenshots = join(import.meta.dirname, '../../test-output');
const preload = pathToFileURL(join(import.meta.dirname, 'fast-clock-preload.ts')).href;

/** Starts the stack with the demo profile on free ports, and a browser. */
export async function startDemo({ factor = 1, idTokenTtlSeconds }: DemoOptions = {}): Promise<Demo> {
  const clock: FastClock = { originMs: Date.now(), factor };
  const isFast = factor !== 1;
  if (isFast) speedUpDate(clock);
  const stateDir = await mkdtemp(join(tmpdir(), 'streampass-browser-'));
  const env = { NODE_OPTIONS: `--import ${preload}`, FAST_CLOCK: JSON.stringify(clock) };
  const started = [() => rm(stateDir, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of started.splice(0).toReversed()) await end();
  };
  try {
    const stack = await startStack({
      ports: await freePorts(),
      project: PROJECT,
      stateDir,
      profile: 'demo',
      ...(idTokenTtlSeconds !== undefined && { idTokenTtlSeconds }),
      ...(isFast && { env }),
    });
    started.push(stack.close);
    const browser = await launchChromium();
    started.push(() => browser.close());
    return { stack, close, ...openPages(browser, stack.urls.page, isFast ? clock : undefined) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens pages in windows of their own. @param clock the one they live by; left out: the real one */
function openPages(browser: Browser, url: string, clock?: FastClock): Pick<Demo, 'open' | 'openAs'> {
  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    if (clock !== undefined) {
      await context.addInitScript(speedUpDate, clock);
      await context.addInitScript(speedUpPage, clock);
    }
    context.setDefaultTimeout(patience.timeout);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };

  return {
    open,
    async openAs(user, options) {
      const page = await open(options);
      await signIn(page, user);
      return page;
    },
  };
}

/** Signs in on the page as a person does: by the button here and the button there. */
export async function signIn(page: Page, user: User): Promise<void> {
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: user }).click();
  await page.getByText(`Local ${user}`).waitFor();
}

/** Asks for a token by the form; what is left out stays as it is. */
export async function ask(
  page: Page,
  { server, room, role }: { readonly server?: string; readonly room?: string; readonly role?: string },
): Promise<void> {
  if (server !== undefined) await page.getByRole('radio', { name: server }).check();
  if (room !== undefined) await page.getByLabel('Room').fill(room);
  if (role !== undefined) await page.getByLabel('Role').selectOption({ label: role });
  await page.getByRole('button', { name: 'Get a token' }).click();
}

/** What the page writes into its console in red, and what it throws, from now on. */
export function redLines(page: Page): string[] {
  const lines: string[] = [];
  page.on('console', (message) => message.type() === 'error' && lines.push(message.text()));
  page.on('pageerror', (error) => lines.push(error.message));
  return lines;
}

/** Keeps a picture of the whole page in `test-output/`, for a look. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
