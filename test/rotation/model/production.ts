import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import type { labelCalls } from '../../../lib/rotation/label-calls.ts';
import type { plan } from '../../../lib/rotation/plan.ts';
import type { policyOf } from '../../../lib/rotation/policy.ts';

/** The production code that the model runs: what to do next, which waits, and the calls that a step is made of. */
export interface Production {
  readonly plan: typeof plan;
  readonly policyOf: typeof policyOf;
  readonly labelCalls: typeof labelCalls;
}

/** One wait or check taken out of the production source, as text. */
export interface Mutation {
  /** Under `lib/rotation/`. */
  readonly file: string;
  /** Stands in that file exactly once. */
  readonly find: string;
  readonly replace: string;
}

const folder = fileURLToPath(new URL('../../../lib/rotation/', import.meta.url));

/**
 * The production source, bundled and loaded; with a mutation, changed on the way and nowhere else.
 *
 * @throws where the text to change does not stand in the file exactly once
 */
export async function loadProduction(mutation?: Mutation): Promise<Production> {
  let changed = 0;
  const bundle = await build({
    stdin: {
      contents: `
        export { plan } from './plan.ts';
        export { policyOf } from './policy.ts';
        export { labelCalls } from './label-calls.ts';`,
      resolveDir: folder,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
    plugins: mutation && [
      {
        name: 'mutate',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            if (path !== folder + mutation.file) return undefined;
            const { readFile } = await import('node:fs/promises');
            const parts = (await readFile(path, 'utf8')).split(mutation.find);
            changed = parts.length - 1;
            return { contents: parts.join(mutation.replace), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (mutation && changed !== 1) {
    throw new Error(`${mutation.file} holds "${mutation.find}" ${changed} times, not once`);
  }
  const source = bundle.outputFiles[0]?.text ?? '';
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as Production;
}
