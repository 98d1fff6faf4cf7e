import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createStreamPass } from '../../client/src/index.ts';
import { REASONS } from '../../lib/oauth/reasons.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/browser.md'), 'utf8');

/** Example files that the page shows whole, with what it shows. */
const shown = [...page.matchAll(/^`(examples\/[^`]+)`:\n\n```\w+\n([^]*?)\n```$/gm)].map(
  ([, path = '', code = '']) => ({ path, code }),
);

test('the page begins with a complete app', () => {
  expect(page.indexOf('npm start -w examples/react')).toBeLessThan(1000);
  expect(shown.map(({ path }) => path)).toEqual([
    'examples/react/src/sign-in.ts',
    'examples/react/src/Player.tsx',
  ]);
});

test.each(shown)('$path is shown as it is', ({ path, code }) => {
  expect(`${code}\n`).toBe(readFileSync(join(root, path), 'utf8'));
});

test('every member of a StreamPass is in the table of methods', () => {
  const pass = createStreamPass({ endpoint: '/token', audience: 'red5', subjectToken: 'id' });
  pass.close();
  for (const method of Object.keys(pass)) expect(page).toMatch(new RegExp(`^\\| \`${method}[(\`]`, 'm'));
});

test('every kind has its reasons, and no reason stands under two of them', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\| .+\|$/gm)].filter(([, kind]) =>
    /^(sign-in-again|not-allowed|bad-request|try-later|refused|unavailable|closed)$/.test(kind ?? ''),
  );
  expect(new Set(rows.map(([, kind]) => kind)).size).toBe(7);
  const reasons = rows.flatMap(([, , cell = '']) =>
    [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
  );
  expect(reasons.length).toBeGreaterThan(20);
  expect(new Set(reasons).size).toBe(reasons.length);
  const ours = Object.keys(REASONS).filter((reason) => /_not_allowed$|_denied$|_wrong_tenant$/.test(reason));
  expect(reasons).toEqual(expect.arrayContaining(ours));
});
