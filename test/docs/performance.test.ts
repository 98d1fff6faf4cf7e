import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BENCHMARKS } from '../../bench/benchmarks.ts';
import { ROOT } from '../support/project.ts';

const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');

test('each benchmark has a part of docs/performance.md, and each part a benchmark', () => {
  const parts = [...page.matchAll(/<!-- bench: ([\w-]+) -->/g)].map(([, name]) => name);
  expect(parts).toHaveLength(Object.keys(BENCHMARKS).length);
  expect(new Set(parts)).toEqual(new Set(Object.keys(BENCHMARKS)));
});

test.each(Object.keys(BENCHMARKS))(
  'the part of %s holds a table, and says when and where it was measured',
  (name) => {
    const part = page.split(`<!-- bench: ${name} -->`)[1]?.split(`<!-- end: ${name} -->`)[0] ?? '';
    expect(part).toMatch(/^\| .* \|$/m);
    expect(part).toMatch(/^_Measured on \d{4}-\d\d-\d\d with Node v\d+\.\d+\.\d+ on \w+ \w+[,;] .+_$/m);
  },
);
