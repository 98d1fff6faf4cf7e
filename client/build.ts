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
 * Writes `client/dist/index.js` (minified, no imports) and `client/dist/*.d.ts`.
 * @throws when the source does not compile or does not type-check without DOM and Node.
 */
export async function buildClient(): Promise<void> {
  await rm(join(root, 'dist'), { recursive: true, force: true });
  await Promise.all([bundleClient(join(root, 'dist', 'index.js')), emitDeclarations()]);
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

async function emitDeclarations(): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')]);
  } catch (error) {
    throw new Error(`client: tsc found\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
  }
}

if (import.meta.main) await buildClient();
