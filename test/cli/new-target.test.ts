import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** In a copy of the repository, a new kind of server passes what every kind has to pass before anybody has edited it. */

const ROOT = join(import.meta.dirname, '../..');
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.serverless', '.local']);
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'streampass-new-target-'));
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

const run = (command: string, ...operands: readonly string[]): string =>
  execFileSync(command, operands, { cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
const bin = (name: string): string => join(copy, 'node_modules/.bin', name);

test('npm run new-target makes a kind of server that passes the conformance suite, its page and the compiler', () => {
  expect(run(process.execPath, 'cli/new-target.ts', 'oryx')).toContain('lib/media-servers/oryx/claims.ts');
  const suites = ['test/media-servers/conformance.test.ts', 'test/docs/servers.test.ts'];
  const report = run(
    bin('vitest'),
    'run',
    '--project',
    'unit',
    '--reporter',
    'verbose',
    '-t',
    '[oO]ryx',
    ...suites,
  );
  expect(report).toMatch(/✓ .*oryx > notices each claim that is dropped/);
  expect(report).toMatch(/✓ .*Oryx shows the claims that are issued/);
  const files = ['test/media-servers/conformance/index.ts'];
  writeFileSync(
    join(copy, 'tsconfig.oryx.json'),
    JSON.stringify({ extends: './tsconfig.json', include: files }),
  );
  run(bin('tsc'), '-p', 'tsconfig.oryx.json');
}, 120_000);

test('it leaves a kind that is there alone', () => {
  expect(() => run(process.execPath, 'cli/new-target.ts', 'red5')).toThrow(/red5 is there already/);
  expect(() => run(process.execPath, 'cli/new-target.ts', 'Not-A-Name')).toThrow(/one word of lower-case/);
  for (const name of ['class', 'await', 'constructor', 'google'])
    expect(() => run(process.execPath, 'cli/new-target.ts', name)).toThrow(/has another meaning/);
});
