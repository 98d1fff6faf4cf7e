import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

test('the lines of each sign-in library in docs/browser.md have the types that the client takes', async () => {
  const page = await readFile(join(root, 'docs/browser.md'), 'utf8');
  const [, block = ''] = /```ts\n(\/\/ MSAL[^]*?)```/.exec(page) ?? [];
  const [libraries = '', shared = ''] = block.split("// What of a library's");
  const folder = await mkdtemp(join(tmpdir(), 'streampass-libraries-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const parts = libraries.split(/^(?=\/\/ )/m);
  expect(parts).toHaveLength(6);
  const client = join(root, 'client/src/index.ts');
  const helper = shared
    .replace(/^.*\n/, '')
    .replace(
      '(isNeeded) => (error) =>',
      '(isNeeded: (error: any) => boolean) => (error: unknown): undefined =>',
    );
  const files = parts.map((part, index) => ({
    name: `library-${index}.ts`,
    text: [
      `import type { StreamPassOptions } from '${client}';`,
      part.replace('const subjectToken =', `export const subjectToken: StreamPassOptions['subjectToken'] =`),
      helper,
    ].join('\n'),
  }));
  await Promise.all(files.map(({ name, text }) => writeFile(join(folder, name), text)));
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2024', 'dom', 'dom.iterable'],
        strict: true,
        noEmit: true,
        types: [],
        module: 'es2022',
        moduleResolution: 'bundler',
        allowImportingTsExtensions: true,
      },
      files: [join(import.meta.dirname, 'sign-in-libraries.d.ts'), ...files.map(({ name }) => name)],
    }),
  );
  const found = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).then(
    () => '',
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
  expect(found).toBe('');
});
