import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Gives bundled CommonJS the `require` that an ES module lacks. */
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
    loader: { '.md': 'text', '.html': 'text' },
  });
  return metafile;
}
