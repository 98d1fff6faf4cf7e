import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { join } from 'node:path';
import { requireBuiltins } from './esbuild-plugins/require-builtins.ts';
import { slimSdk } from './esbuild-plugins/slim-sdk.ts';

const root = join(import.meta.dirname, '..');

/** Gives an ES module the `require` that it lacks, for bundled CommonJS and for Node's own modules. */
const REQUIRE_BANNER =
  "import{createRequire as streampassRequire}from'node:module';const require=streampassRequire(import.meta.url);";

/** Makes a function one self-contained, minified ES module for Node 24; gives esbuild's account of what went into it. */
export async function bundleFunction(entryPoint: string, outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [entryPoint],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    metafile: true,
    banner: { js: REQUIRE_BANNER },
    plugins: [requireBuiltins, slimSdk],
    // The SDK asks whether a body is one of these, which no body here is; Node would load web streams to say so.
    define: { Blob: 'undefined', ReadableStream: 'undefined' },
    loader: { '.md': 'text', '.html': 'text' },
  });
  return metafile;
}
