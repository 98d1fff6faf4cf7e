/**
 * `npm run bench:video`: how long a viewer waits, from the page's load to the first picture, and how many pictures two viewers
 * lose while the secret is rotated, in Chromium on the local stack. `--picture` also makes docs/pictures/demo.png.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePorts } from '../test/support/free-ports.ts';
import { startStack } from '../local/stack.ts';
import { launchChromium } from '../test/browser/chromium.ts';

type Browser = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Browser['newPage']>>;

/** What a viewer's counters say. */
interface Loss {
  readonly shown: number;
  readonly lost: number;
}

const LOADS = 5;
const PICTURE = join(import.meta.dirname, '../docs/pictures/demo.png');
/** The picture is taken when this phase begins: nodes have restarted then. */
const PICTURED_PHASE = 'promoted';
/** Announced, pushing, promoted, steady. */
const PHASES = 4;
const LOOK_MS = 500;

const { values } = parseArgs({ options: { picture: { type: 'boolean', default: false } } });
const folder = await mkdtemp(join(tmpdir(), 'streampass-video-'));
const ends: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
try {
  const stack = await startStack({ ports: await freePorts(), stateDir: folder, profile: 'demo' });
  ends.push(stack.close);
  const browser = await launchChromium();
  ends.push(() => browser.close());
  const open = (user: string) => openPage(browser, stack.urls.page, user);

  const stage = await open('moderator');
  const red: string[] = [];
  stage.on('console', (message) => message.type() === 'error' && red.push(message.text()));
  await getToken(stage, 'publish and watch');
  await stage.getByRole('button', { name: 'Publish a test picture' }).click();
  await stage.getByRole('button', { name: 'Watch', exact: true }).click();
  await stage.getByRole('button', { name: 'Stay connected' }).click();
  await picturesShown(stage);

  const viewer = await open('viewer');
  const waits: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    await viewer.reload();
    await getToken(viewer, 'watch');
    await viewer.getByRole('button', { name: 'Watch', exact: true }).click();
    waits.push(await picturesShown(viewer));
  }
  await viewer.context().close();
  const sorted = waits.toSorted((one, other) => one - other);
  const before = await lossOf(stage);
  const began = performance.now();
  await stage.getByRole('button', { name: 'Start a rotation' }).click();
  for (let last = 'steady', changes = 0; changes < PHASES; await delay(LOOK_MS)) {
    const now = (await stack.rotate({ action: 'status' })).targets['red5']?.phase ?? 'unknown';
    if (now === last) continue;
    last = now;
    changes++;
    console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${now}`);
    if (values.picture && now === PICTURED_PHASE) await takePicture(stage);
  }
  const after = await lossOf(stage);
  const seconds = (ms: number | undefined): string => ((ms ?? Number.NaN) / 1000).toFixed(1);
  const lostBy = (loss: readonly Loss[]): string =>
    loss.map(({ shown, lost }) => `${lost} of ${(shown + lost).toLocaleString('en')}`).join(', and ');
  const during = after.map(({ shown, lost }, index) => ({
    shown: shown - (before[index]?.shown ?? 0),
    lost: lost - (before[index]?.lost ?? 0),
  }));
  console.log(`| what | measured |
|---|---|
| page load to the first picture, median of ${LOADS} loads | ${seconds(sorted[(LOADS - 1) / 2])} s (${seconds(sorted[0])} to ${seconds(sorted.at(-1))}) |
| pictures that a viewer lost during a whole rotation, of those sent | ${lostBy(during)} |
| pictures lost before it, with the same work and no change | ${lostBy(before)} |
| red lines in the browser's console | ${red.length} |`);
  for (const line of red) console.error(line);
} finally {
  for (const end of ends.toReversed()) await end();
}

/** A window of somebody who is signed in. */
async function openPage(browser: Browser, url: string, user: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: user }).click();
  await page.getByText(`Local ${user}`).waitFor();
  return page;
}

async function getToken(page: Page, role: string): Promise<void> {
  await page.getByLabel('Room').fill('public-news');
  await page.getByLabel('Role').selectOption({ label: role });
  await page.getByRole('button', { name: 'Get a token' }).click();
}

/** The page as a reader of the README sees it: video, lanes and timeline, beside claims and code. */
async function takePicture(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.evaluate(`document.getElementById('video-card').scrollIntoView()`);
  await page.screenshot({ path: PICTURE });
}

/** Waits until both viewers show pictures. @returns milliseconds since the page was loaded */
function picturesShown(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const shown = (viewer) => document.getElementById('video-' + viewer + '-frames').textContent !== '0';
    const look = () => shown(1) && shown(2) ? resolve(Math.round(performance.now())) : requestAnimationFrame(look);
    look();
  })`);
}

async function lossOf(page: Page): Promise<readonly Loss[]> {
  const count = async (id: string): Promise<number> => Number(await page.locator(id).textContent());
  return Promise.all(
    [1, 2].map(async (viewer) => ({
      shown: await count(`#video-${viewer}-frames`),
      lost: await count(`#video-${viewer}-lost`),
    })),
  );
}
