/**
 * `npm run build`: checks the configuration, then makes each function one self-contained, minified ES module,
 * `dist/functions/NAME.mjs`, with esbuild's account of what went into it beside it in `dist/meta/NAME.json`.
 */

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildClient } from '../client/build.ts';
import { checkConfig, formatProblem } from '../lib/config/check-config.ts';
import config from '../streampass.config.ts';

const root = join(import.meta.dirname, '..');

/** Gives bundled CommonJS the `require` that an ES module lacks. */
const REQUIRE_BANNER =
  "import{createRequire as streampassRequire}from'node:module';const require=streampassRequire(import.meta.url);";

const problems = checkConfig(config);
for (const problem of problems) console.error(formatProblem(problem));
if (problems.length > 0) process.exit(1);

await rm(join(root, 'dist'), { recursive: true, force: true });
await mkdir(join(root, 'dist/meta'), { recursive: true });
const functions = (await readdir(join(root, 'functions'))).filter((file) => file.endsWith('.ts'));
await Promise.all([...functions.map(buildFunction), buildClient()]);

async function buildFunction(file: string): Promise<void> {
  const name = file.replace(/\.ts$/, '');
  const { metafile } = await build({
    entryPoints: [join(root, 'functions', file)],
    outfile: join(root, `dist/functions/${name}.mjs`),
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
  await writeFile(join(root, `dist/meta/${name}.json`), JSON.stringify(metafile));
}
