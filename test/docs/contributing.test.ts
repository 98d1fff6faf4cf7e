import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

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

test('each file and folder that the page names is there', () => {
  const named = [
    ...page.matchAll(/`((?:lib|functions|infra|test|local|cli|build|client|docs|bench|site)\/[\w./-]+)`/g),
  ].map(([, path = '']) => path);
  expect(named.filter((path) => !path.includes('NAME') && !existsSync(join(ROOT, path)))).toEqual([]);
});
