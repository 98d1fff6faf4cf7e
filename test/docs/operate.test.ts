import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REASONS } from '../../lib/rotation/reasons.ts';

const page = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8');

test('each reason of a rotation has one entry in docs/operate.md, and no entry is of another', () => {
  const [, reasons = ''] = page.split('\n## Reasons\n');
  const [section = ''] = reasons.split('\n## ');
  const entries = [...section.matchAll(/^### `(\w+)`$/gm)].map(([, slug]) => slug);
  expect(entries).toHaveLength(Object.keys(REASONS).length);
  expect(new Set(entries)).toEqual(new Set(Object.keys(REASONS)));
});

test('each sentence is plain: one or more whole sentences', () => {
  for (const sentence of Object.values(REASONS)) expect(sentence).toMatch(/^[A-Z].*\.$/);
});
