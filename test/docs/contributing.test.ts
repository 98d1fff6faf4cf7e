import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FUNCTIONS } from '../../infra/stack/functions.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
/** The first column of the map: `lib/oauth/`, `lib/jws/`. */
const onMap = [...page.matchAll(/^\| (`[^|]+\/`(?:, `[^|]+\/`)*) +\|/gm)].flatMap(([, column = '']) =>
  column.split(', ').map((folder) => folder.slice(1, -2)),
);
/** What is not in the repository: what its `.gitignore` names. */
const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');

const foldersIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => name !== '.git' && !ignored.includes(name) && !ignored.includes(`${name}/`));

test('the map shows each folder of the repository and of lib, and no other', () => {
  const top = foldersIn('.').filter((name) => name !== 'lib');
  const rooms = foldersIn('lib').map((name) => `lib/${name}`);
  expect(onMap.toSorted()).toEqual([...top, ...rooms].toSorted());
});

test.each(Object.entries(FUNCTIONS).flatMap(([name, { routes }]) => (routes === undefined ? [] : [name])))(
  'functions/%s.ts, which answers requests, is made by httpFunction',
  (name) => {
    expect(readFileSync(join(ROOT, 'functions', `${name}.ts`), 'utf8')).toContain(
      'export const handler = httpFunction({',
    );
  },
);

test.each(globSync('{.,client,site,bench,examples/*}/package.json', { cwd: ROOT }))(
  'the scripts of %s run in cmd.exe too: no quote, variable, substitution or program of a Unix shell',
  (file) => {
    const { scripts = {} } = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as {
      readonly scripts?: Readonly<Record<string, string>>;
    };
    const unix = /['$`;]|\b[A-Z_]+=|(^|&& )(rm|cp|mv|mkdir|cat|test|exec|export|sh|bash) /;
    expect(Object.entries(scripts).filter(([, command]) => unix.test(command))).toEqual([]);
  },
);
