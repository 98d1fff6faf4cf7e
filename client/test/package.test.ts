import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient } from '../build.ts';

const LARGEST_GZIP_BYTES = 4000;

let folder: string;

// Outside the repository, so that nothing here is found but what was built.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streampass-client-'));
  await buildClient(folder);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function bundle(source: string): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: source.startsWith('export') ? 'esm' : 'iife',
  });
  return result.outputFiles[0]?.text ?? '';
}

test(`is under ${LARGEST_GZIP_BYTES} bytes minified and gzipped, and imports nothing`, async () => {
  const core = await bundle(`export { createStreamPass, StreamPassError } from './index.js';`);
  expect(gzipSync(core, { level: 9 }).length).toBeLessThan(LARGEST_GZIP_BYTES);
  const module = await readFile(join(folder, 'index.js'));
  expect(module.toString()).not.toMatch(/\bimport\b|\brequire\b/);
});

test('a helper alone brings none of the rest along', async () => {
  const code = await bundle(
    `import { jitsiOptions } from './index.js'; globalThis.options = jitsiOptions('t');`,
  );
  expect(code).not.toMatch(/fetch|addEventListener|grant-type/);
});

test('gets a token where there is no window, no document and no event target', async () => {
  const code = await bundle(`
    import { createStreamPass } from './index.js';
    globalThis.pass = createStreamPass({ endpoint: 'https://api.example/token', audience: 'red5', subjectToken: 'id' });
    globalThis.token = globalThis.pass.token();
  `);
  const worker: { token?: Promise<string>; pass?: { close(): void } } & Record<string, unknown> = {
    AbortController,
    URLSearchParams,
    performance,
    setTimeout,
    clearTimeout,
    fetch: () => Promise.resolve(Response.json({ access_token: 'a.b.c', expires_in: 60 })),
  };
  runInNewContext(code, worker);
  expect(await worker.token).toBe('a.b.c');
  worker.pass?.close();
});

test('its declarations type a consumer, and refuse a kind that does not exist', async () => {
  await writeFile(
    join(folder, 'consumer.ts'),
    `import { createStreamPass, StreamPassError } from './index.js';
     const pass = createStreamPass({ endpoint: '/token', audience: 'red5', room: ['a'], subjectToken: async () => 'id' });
     export const connected: Promise<number> = pass.connect((token, offered) => token.length + offered.length);
     pass.on('denied', (error) => error.kind === 'sign-in-again');
     // @ts-expect-error no such kind
     pass.on('denied', (error) => error.kind === 'sign-in');
     // @ts-expect-error no audience
     createStreamPass({ endpoint: '/token', subjectToken: 'id' });
     export const isOurs = (error: unknown): boolean => error instanceof StreamPassError;`,
  );
  const tsc = join(import.meta.dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom'];
  const consumer = join(folder, 'consumer.ts');
  const run = promisify(execFile)(process.execPath, [
    tsc,
    ...flags,
    '--types',
    '',
    '--ignoreConfig',
    consumer,
  ]);
  expect(
    await run.then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    ),
  ).toBe('');
});
