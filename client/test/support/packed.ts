import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { buildClient } from '../../build.ts';

const run = promisify(execFile);
const client = join(import.meta.dirname, '../..');
const repository = join(client, '..');

/** The package as npm packs it, installed in a folder outside the repository, so that nothing is found but what ships. */
export interface PackedClient {
  /** A folder whose `node_modules` holds the package, and React, Vue and livekit-client. */
  readonly folder: string;
  /** The package in there. */
  readonly root: string;
  /** The files of the tarball. */
  readonly files: readonly string[];
  /** What an app ships that consists of this source: one minified ES module. */
  readonly bundle: (source: string, format?: 'esm' | 'iife') => Promise<string>;
}

/** Builds, packs and installs the package. @param remove what ends it, `afterAll` in a file that packs once. */
export async function packClient(
  remove: (end: () => Promise<void>) => void = onTestFinished,
): Promise<PackedClient> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-client-'));
  remove(() => rm(folder, { recursive: true, force: true }));
  const source = join(folder, 'source');
  await mkdir(source);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    await cp(join(client, name), join(source, name));
  }
  await buildClient(join(source, 'dist'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: source });
  const [packed] = Object.values(
    JSON.parse(stdout) as Record<string, { filename: string; files: { path: string }[] }>,
  );
  if (packed === undefined) throw new Error('npm packed nothing');
  const root = join(folder, 'node_modules/streampass-client');
  await mkdir(root, { recursive: true });
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', root, '--strip-components=1']);
  await mkdir(join(folder, 'node_modules/@types'));
  for (const name of ['react', '@types/react', 'csstype', 'vue', '@vue', 'livekit-client', '@livekit']) {
    await symlink(join(repository, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return {
    folder,
    root,
    files: packed.files.map(({ path }) => path),
    async bundle(contents, format = 'esm') {
      const result = await build({
        stdin: { contents, resolveDir: folder },
        bundle: true,
        minify: true,
        write: false,
        format,
        external: ['react', 'vue', 'livekit-client'],
      });
      return result.outputFiles[0]?.text ?? '';
    },
  };
}
