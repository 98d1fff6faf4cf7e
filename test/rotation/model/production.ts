import { build } from 'esbuild';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { observedNodes, rowIdOf } from '../../../lib/fleet/reported-nodes.ts';
import type { secretCalls } from '../../../lib/rotation/secret-calls.ts';
import type { toInput } from '../../../lib/rotation/input.ts';
import type { wantedOf } from '../../../lib/rotation/nodes.ts';
import type { plan } from '../../../lib/rotation/plan.ts';
import type { policyOf } from '../../../lib/rotation/policy.ts';

/**
 * The production code that the model runs: what to do next, which waits, the calls that a step is made of, and what the
 * reports of nodes amount to.
 */
export interface Production {
  readonly plan: typeof plan;
  readonly policyOf: typeof policyOf;
  readonly toInput: typeof toInput;
  readonly wantedOf: typeof wantedOf;
  readonly secretCalls: typeof secretCalls;
  readonly observedNodes: typeof observedNodes;
  readonly rowIdOf: typeof rowIdOf;
}

/** One wait or check taken out of the production source, as text. */
export interface Mutation {
  /** From `lib/rotation/`. */
  readonly file: string;
  /** Stands in that file exactly once, with whatever line breaks. */
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
        export { toInput } from './input.ts';
        export { wantedOf } from './nodes.ts';
        export { secretCalls } from './secret-calls.ts';
        export { observedNodes, rowIdOf } from '../fleet/reported-nodes.ts';`,
      resolveDir: folder,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
    plugins:
      mutation === undefined
        ? []
        : [
            {
              name: 'mutate',
              setup(build) {
                build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
                  if (path !== join(folder, mutation.file)) return undefined;
                  const { readFile } = await import('node:fs/promises');
                  const source = await readFile(path, 'utf8');
                  const contents = source.replace(anyLayout(mutation.find), () => {
                    changed++;
                    return mutation.replace;
                  });
                  return { contents, loader: 'ts' };
                });
              },
            },
          ],
  });
  if (mutation && changed !== 1) {
    throw new Error(`${mutation.file} holds "${mutation.find}" ${changed} times, not once`);
  }
  const source = bundle.outputFiles?.[0]?.text ?? '';
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as Production;
}

/** Finds a piece of source however the formatter broke its lines. */
function anyLayout(piece: string): RegExp {
  const escaped = piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(escaped.replaceAll('\\(', '\\(\\s*').replaceAll(/\s+/g, '\\s+'), 'g');
}
