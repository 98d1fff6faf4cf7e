// Builds the package: one minified ES module and its type declarations. Run by itself: node client/build.ts
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = import.meta.dirname;

/** The compiler's own entry: its version of Node is the one that runs this. */
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/**
 * Writes `index.js` (minified, no imports) and the `.d.ts` files into `outDir`, emptied first · default `client/dist`.
 * @throws when the source does not compile, or leans on what a worker does not have.
 */
export async function buildClient(outDir: string = join(root, 'dist')): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await Promise.all([bundleClient(join(outDir, 'index.js')), emitDeclarations(outDir)]);
}

/** Bundles the client into one file, for a browser of 2022 or later. */
async function bundleClient(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'src', 'index.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    legalComments: 'none',
  });
}

async function emitDeclarations(outDir: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [
      tsc,
      '-p',
      join(root, 'tsconfig.build.json'),
      '--outDir',
      outDir,
    ]);
  } catch (error) {
    throw new Error(`client: tsc found\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
  }
}

if (import.meta.main) await buildClient();
