// How long a developer waits, from the clone to the first token in a page of their own: node bench/first-token.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchChromium } from '../test/browser/chromium.ts';

const LONGEST_SECONDS = 300;

const repository = join(import.meta.dirname, '..');
const folder = await mkdtemp(join(tmpdir(), 'streampass-first-token-'));
const clone = join(folder, 'streampass');
const ends: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
const began = performance.now();

function tell(step: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${step}`);
}

async function run(cwd: string, command: string, ...parameters: string[]): Promise<void> {
  const child = spawn(command, parameters, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with ${code}`);
}

/** Starts what goes on until the end, in a process group of its own. */
function start(...parameters: string[]): void {
  const child = spawn('npm', parameters, { cwd: clone, stdio: 'ignore', detached: true });
  ends.push(async () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    process.kill(-child.pid, 'SIGTERM');
    await once(child, 'close');
  });
}

async function answers(url: string): Promise<void> {
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await delay(200);
}

try {
  await run(folder, 'git', 'clone', '--quiet', repository, clone);
  tell('git clone');
  await run(clone, 'npm', 'ci', '--no-audit', '--no-fund', '--silent');
  tell('npm ci');
  start('start');
  await answers('http://localhost:3000/health');
  tell('npm start: the API answers');
  start('start', '-w', 'examples/plain');
  await answers('http://localhost:5173/');
  const browser = await launchChromium();
  ends.push(() => browser.close());
  const page = await browser.newPage();
  await page.goto('http://localhost:5173/');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'viewer' }).click();
  await page.getByText('Token: ready').waitFor();
  tell('the first token, in a page of another origin');
  if (performance.now() - began > LONGEST_SECONDS * 1000) throw new Error(`more than ${LONGEST_SECONDS} s`);
} finally {
  for (const end of ends.toReversed()) await end();
}
