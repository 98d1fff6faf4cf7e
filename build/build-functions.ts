import type { Metafile } from 'esbuild';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { bundleFunction } from './bundle.ts';

const root = join(import.meta.dirname, '..');

/**
 * Makes each function one self-contained, minified ES module, `OUT/functions/NAME.mjs`, with esbuild's account of what went
 * into it beside it in `OUT/meta/NAME.json`.
 *
 * @param configFile the configuration that goes into them
 */
export async function buildFunctions(configFile: string, out: string): Promise<readonly Metafile[]> {
  await mkdir(join(out, 'meta'), { recursive: true });
  const names = (await readdir(join(root, 'functions')))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => parse(file).name);
  const metafiles = await Promise.all(names.map((name) => buildFunction(name, configFile, out)));
  await removeStale(new Set(names), out);
  return metafiles;
}

async function buildFunction(name: string, configFile: string, out: string): Promise<Metafile> {
  const metafile = await bundleFunction(
    join(root, 'functions', `${name}.ts`),
    join(out, `functions/${name}.mjs`),
    configFile,
  );
  await writeFile(join(out, `meta/${name}.json`), JSON.stringify(withoutUnused(metafile)));
  return metafile;
}

/** Removes what other builds left. Only after this one, for a local stack that runs may load a function at any time. */
async function removeStale(names: ReadonlySet<string>, out: string): Promise<void> {
  for (const folder of ['functions', 'meta']) {
    for (const file of await readdir(join(out, folder))) {
      if (!names.has(parse(file).name)) await rm(join(out, folder, file));
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
