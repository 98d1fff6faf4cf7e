/**
 * `npm run build`: checks the configuration, then makes each function one self-contained, minified ES module,
 * `dist/functions/NAME.mjs`, with esbuild's account of what went into it beside it in `dist/meta/NAME.json`.
 */

import type { Metafile } from 'esbuild';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { buildClient } from '../client/build.ts';
import { checkConfig, formatProblem } from '../lib/config/check-config.ts';
import { bundleFunction } from './bundle.ts';
import config from '../streampass.config.ts';

const root = join(import.meta.dirname, '..');

const problems = checkConfig(config);
for (const problem of problems) console.error(formatProblem(problem));
if (problems.length > 0) process.exit(1);

await mkdir(join(root, 'dist/meta'), { recursive: true });
const functions = (await readdir(join(root, 'functions'))).filter((file) => file.endsWith('.ts'));
await Promise.all([...functions.map(buildFunction), buildClient()]);
await removeStale();

async function buildFunction(file: string): Promise<void> {
  const name = file.replace(/\.ts$/, '');
  const metafile = await bundleFunction(
    join(root, 'functions', file),
    join(root, `dist/functions/${name}.mjs`),
  );
  await writeFile(join(root, `dist/meta/${name}.json`), JSON.stringify(withoutUnused(metafile)));
}

/** Removes what other builds left. Only after this one, for a local stack that runs may load a function at any time. */
async function removeStale(): Promise<void> {
  const names = new Set(functions.map((file) => file.replace(/\.ts$/, '')));
  for (const folder of ['functions', 'meta']) {
    for (const file of await readdir(join(root, 'dist', folder))) {
      if (!names.has(parse(file).name)) await rm(join(root, 'dist', folder, file));
    }
  }
}

/** esbuild lists also what it only looked at, such as the commands of an SDK that nobody sends. */
function withoutUnused({ inputs, outputs }: Metafile): Metafile {
  const used = new Set(Object.values(outputs).flatMap((output) => Object.keys(output.inputs)));
  return {
    inputs: Object.fromEntries(Object.entries(inputs).filter(([file]) => used.has(file))),
    outputs,
  };
}
