import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PICTURES } from '../../build/pictures.ts';
import { TRANSITIONS } from '../../build/pictures/states.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test.each(Object.keys(PICTURES))('%s is what `npm run pictures` draws', async (file) => {
  expect(read(file)).toBe(await PICTURES[file]?.());
});

test('every drawing in docs/pictures has a source', () => {
  expect(globSync('docs/pictures/*.svg', { cwd: root }).sort()).toEqual(Object.keys(PICTURES).sort());
});

test('the chart of states has the transitions of the table beside it', () => {
  const [, rest = ''] = read('docs/browser.md').split('\n## States\n');
  const [section = ''] = rest.split('\n### ');
  const told = [...section.matchAll(/^\| `(\w+)` +\| [^|]+\| (.+?) *\|$/gm)].flatMap(
    ([, from, becomes = '']) => [...becomes.matchAll(/`(\w+)`/g)].map(([, to]) => `${from} → ${to}`),
  );
  expect(TRANSITIONS.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual(told.sort());
});
