import { globSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Every link of the documentation leads somewhere: to a file that is there and to a heading that it has. */

const root = join(import.meta.dirname, '../..');
const pages = ['*.md', '{docs,node-agent,client,examples,.github}/*.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: root }),
);

/** A path below one of the repository's folders. */
const FILE_NAMED =
  /(?<![\w/.-])(?:lib|functions|infra|local|cli|build|client|bench|test|docs|node-agent|server-plugins|examples|site)\/[\w./*-]*[\w*/]/g;
/** What the reader fills in (`lib/media-servers/NAME/claims.ts`), and what a command makes. */
const PLACEHOLDER = /\bNAME\b|\/dist$/;

/** Code holds brackets and `#` that are neither links nor headings. */
const withoutCode = (markdown: string): string => markdown.replace(/^```[^]*?^```$/gm, '');

/** The anchor of each heading as GitHub makes it: lower case, no punctuation, a hyphen for a blank, repeats counted. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return new Set(anchors);
}

/** Where the links of a page lead within the repository, pictures included. */
function linksOf(markdown: string): readonly string[] {
  const prose = withoutCode(markdown).replace(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** What is wrong with a link of a page; `undefined` if it leads to a file, and to a heading if it names one. */
async function problemOf(page: string, link: string): Promise<string | undefined> {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? join(root, page) : join(root, dirname(page), path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || relative(root, file).startsWith('..')) return `${link}: no such file`;
  if (anchor === undefined) return undefined;
  if (!anchorsOf(await readFile(file, 'utf8')).has(anchor)) return `${link}: no such heading`;
  return undefined;
}

test('the pages are found, and have links', async () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/operate.md']));
  expect(linksOf(await readFile(join(root, 'README.md'), 'utf8')).length).toBeGreaterThan(8);
});

test.each(pages)('every link of %s leads somewhere', async (page) => {
  const links = linksOf(await readFile(join(root, page), 'utf8'));
  const problems = await Promise.all(links.map((link) => problemOf(page, link)));
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

describe('a link is found to be dead', () => {
  test.each([
    ['docs/none.md', 'no such file'],
    ['../README.md', 'no such file'],
    ['docs/operate.md#none', 'no such heading'],
    ['#none', 'no such heading'],
  ])('%s: %s', async (link, problem) => {
    expect(await problemOf('README.md', link)).toBe(`${link}: ${problem}`);
  });

  test('not where punctuation and blanks of a heading are left out of its anchor', async () => {
    expect(
      await problemOf('README.md', 'docs/operate.md#it-is-3-am-and-rotation-stuck-rings'),
    ).toBeUndefined();
  });
});

/** The pages of this release: a changelog names files and commands of earlier ones too. */
const current = pages.filter((page) => !page.endsWith('CHANGELOG.md'));

test('every file of the repository that the documentation names is there', async () => {
  const texts = await Promise.all(current.map((page) => readFile(join(root, page), 'utf8')));
  const named = texts.flatMap((text) => text.match(FILE_NAMED) ?? []);
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter(
    (path) => !PLACEHOLDER.test(path) && globSync(path, { cwd: root }).length === 0,
  );
  expect(missing).toEqual([]);
});

test('every `npm run` script that the documentation names is there', async () => {
  const texts = await Promise.all(current.map((page) => readFile(join(root, page), 'utf8')));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name),
  );
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name = '') => !Object.hasOwn(scripts, name))).toEqual([]);
});

/** Words that were once this project's own, and words that readers in their third language do not know. */
const PRIVATE_WORDS =
  /\b(?:aimed|heed(?:s|ed|ing)?|judge[sd]?|judgements?|thereby|thereof|whereof|cannot be had|had now)\b/i;

test('no private word is in code or on a page', async () => {
  const files = globSync(
    ['{lib,functions,infra,cli,local,node-agent}/**/*.ts', '{docs,examples}/**/*.md', '*.md'],
    { cwd: root, exclude: ['**/node_modules/**'] },
  );
  const found = await Promise.all(
    files.map(async (file) => [file, PRIVATE_WORDS.exec(await readFile(join(root, file), 'utf8'))?.[0]]),
  );
  expect(found.filter(([, word]) => word !== undefined)).toEqual([]);
});
