import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLOSED, ROOMS } from '../oxlint.config.ts';
import { ROOT, runIn } from './support/project.ts';

const importOf = (from: string, to: string) =>
  `import { value } from '${'../'.repeat(from.split('/').length)}${to}/value.ts';\nexport const own = value;\n`;
const typeOf = (from: string, to: string) =>
  importOf(from, to).replace('import {', 'import type {').replace('= value', '= {} as value');

/** A file of each room, and why it is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ROOMS.flatMap((room, place) => [
      ...ROOMS.slice(place + 1).map((later) => [
        `lib/${room}/of-${later}.ts`,
        importOf(`lib/${room}`, `lib/${later}`),
      ]),
      ...['lib/aws', 'lib/node', 'functions/wiring', 'local', 'cli', 'test'].map((folder) => [
        `lib/${room}/of-${folder.replace('/', '-')}.ts`,
        importOf(`lib/${room}`, folder),
      ]),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(CLOSED).flatMap(([folder, others]) =>
      others.map((other) => [`${folder}/of-${other.replace('/', '-')}.ts`, importOf(folder, other)]),
    ),
  ),
  'lib/policy/clock.ts': 'export const now = Date.now();\n',
  'lib/policy/randomness.ts': 'export const id = crypto.randomUUID();\n',
  'lib/policy/environment.ts': "export const home = process.env['HOME'];\n",
  'lib/policy/network.ts': "export const answer = fetch('https://login.example.com');\n",
  'lib/media-servers/red5/files.ts':
    "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('red5.properties', 'utf8');\n",
  // The file is closed before the work on it has ended, and a rejection meanwhile ends the process.
  'lib/fleet/return-of-promise.ts':
    'export async function work(open: () => Promise<AsyncDisposable>, own: () => Promise<void>) {\n' +
    '  await using _opened = await open();\n  return own();\n}\n',
  'infra/stack/environment.ts': "export const home = process.env['HOME'];\n",
};

const ALLOWED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ROOMS.slice(1).map((room) => [`lib/${room}/of-jws.ts`, importOf(`lib/${room}`, 'lib/jws')]),
  ),
  'lib/jws/type-of-config.ts': typeOf('lib/jws', 'lib/config'),
  'lib/fleet/clock.ts': 'export const now = Date.now();\n',
  'lib/aws/of-fleet.ts': importOf('lib/aws', 'lib/fleet'),
  'functions/of-wiring.ts': importOf('functions', 'functions/wiring'),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streampass-lint-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const file of ['oxlint.config.ts', 'package.json', 'tsconfig.json']) {
    writeFileSync(join(folder, file), readFileSync(join(ROOT, file)));
  }
  for (const [file, text] of Object.entries({ ...REFUSED, ...ALLOWED })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test('each import that an arrow forbids is refused, and so are clock, randomness, environment, network and files in pure code, and promises that outlive their file', async () => {
  const { output } = await runIn(folder, [
    'oxlint',
    '--format',
    'json',
    'lib',
    'functions',
    ...Object.keys(CLOSED),
  ]);
  const { diagnostics } = JSON.parse(output) as {
    readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
  };
  const refused = diagnostics
    .filter(({ code }) => /no-restricted|return-await/.test(code))
    .map(({ filename }) => filename);
  expect([...new Set(refused)].toSorted()).toEqual(Object.keys(REFUSED).toSorted());
});

test('each folder of lib has its rules', () => {
  const folders = readdirSync(join(ROOT, 'lib'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect([...ROOMS, 'aws', 'node'].toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
});
