// Builds the package: for each entry a readable module, a minified one and its declarations. By itself: node client/build.ts
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const root = import.meta.dirname;

/** The package's entries: the core, and what is imported as `streampass-client/NAME`. */
export const ENTRIES = [
  'index',
  'connect',
  'whep',
  'livekit',
  'rtcstats',
  'encoder',
  'react',
  'vue',
] as const;

/** The compiler's own entry: its version of Node is the one that runs this. */
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/**
 * Writes `NAME.js`, `NAME.d.ts` and `min/NAME.js` of each entry with source maps into `outDir`, emptied first · default
 * `client/dist`.
 * @throws when the source does not compile, or the core leans on what a worker does not have.
 */
export async function buildClient(outDir: string = join(root, 'dist')): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await Promise.all([
    bundle({ outdir: outDir }),
    bundle({ outdir: join(outDir, 'min'), minify: true }),
    emitDeclarations(outDir),
  ]);
}

/** One module for each entry, for a browser of 2022 or later; all but the core import it. */
async function bundle(options: BuildOptions): Promise<void> {
  await build({
    ...options,
    entryPoints: ENTRIES.map((name) => join(root, 'src', `${name}.ts`)),
    bundle: true,
    packages: 'external',
    plugins: [coreStaysOne],
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: true,
    legalComments: 'none',
  });
}

/** A second copy of the core would make errors that are no `StreamPassError` of the first; one of `connect` would count anew. */
const coreStaysOne: Plugin = {
  name: 'core-stays-one',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(index|connect)\.ts$/ }, ({ path }) => ({
      path: path.replace('.ts', '.js'),
      external: true,
    }));
  },
};

async function emitDeclarations(outDir: string): Promise<void> {
  for (const project of ['tsconfig.build.json', 'tsconfig.subpaths.json']) {
    try {
      await promisify(execFile)(process.execPath, [tsc, '-p', join(root, project), '--outDir', outDir]);
    } catch (error) {
      throw new Error(`client: tsc found\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
    }
  }
  // Compilers before 5.0 do not take `.ts` in an import.
  const declarations = (await readdir(outDir)).filter((name) => name.endsWith('.d.ts'));
  await Promise.all(
    declarations.map(async (name) => {
      const text = await readFile(join(outDir, name), 'utf8');
      await writeFile(join(outDir, name), text.replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"));
    }),
  );
}

if (import.meta.main) await buildClient();
