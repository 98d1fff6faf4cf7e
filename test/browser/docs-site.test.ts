import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ADDRESS_OF } from '../../site/.vitepress/pages.ts';
import { launchChromium } from './chromium.ts';
import { ROOT, runIn } from '../support/project.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let site: string;
beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'streampass-site-'));
  const { code, output } = await runIn(ROOT, ['npm', 'run', '-s', 'docs', '--', '--outDir', site]);
  if (code !== 0) throw new Error(output);
});
afterAll(() => rm(site, { recursive: true }));

/** The HTML of a page, by the path of its address. */
const htmlOf = (path: string): string =>
  readFileSync(join(site, `${path === '/' ? '/index' : path}.html`), 'utf8');

test('each page of docs/ is on the site', () => {
  const files = globSync('docs/*.md', { cwd: ROOT });
  expect(files.filter((file) => !ADDRESS_OF.has(file))).toEqual([]);
});

test('every link leads to a page and to a heading that are there', () => {
  const pages = globSync('*.html', { cwd: site }).map((file) => file.replace(/(index)?\.html$/, ''));
  const links = pages.flatMap((page) =>
    [...htmlOf(`/${page}`).matchAll(/<a[^>]* href="(?:\/([\w-]*))?(?:#([^"]+))?"/g)].map(
      ([, path, anchor]) => ({
        page,
        path: path ?? page,
        anchor,
      }),
    ),
  );
  expect(links.length).toBeGreaterThan(500);
  const dead = links.filter(
    ({ path, anchor }) =>
      !pages.includes(path) ||
      (anchor !== undefined && !htmlOf(`/${path}`).includes(` id="${decodeURIComponent(anchor)}"`)),
  );
  expect(dead).toEqual([]);
});

test.each([
  ['Front-end developer', ['/browser#where-to-keep-tokens', '/errors']],
  ['Identity administrator', ['/sign-in', '/policy']],
  ['Operator', ['/deploy', '/operate#alarms']],
  ['Media server administrator', ['/when-not-jwt', '/servers']],
  ['Security reviewer', ['/security', '/report']],
])('the start page leads a reader by role: %s', (role, links) => {
  const [, ...sections] = htmlOf('/').split('<h2 ');
  const section = sections.find((text) => text.includes(role)) ?? '';
  for (const link of links) expect(section).toContain(`href="${link}"`);
});

test('the search finds a word, and opens its section', async () => {
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.route('http://docs.test/**', (route) => {
    const { pathname } = new URL(route.request().url());
    const file = /\.\w+$/.test(pathname) ? pathname : `${pathname.replace(/\/$/, '/index')}.html`;
    return route.fulfill({ path: join(site, file) });
  });
  await page.goto('http://docs.test/');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('searchbox').fill('pairwiseSalt');
  await page.getByRole('option', { name: 'Who a token is for' }).click();
  await page.getByRole('heading', { name: 'Threat model' }).waitFor();
  expect(page.url()).toBe('http://docs.test/security#who-a-token-is-for');
  await browser.close();
});
