/** Bundled with the configuration into `dist/infra/stack.mjs`, which `infra/stack.cjs` hands to serverless.yml. */

import { firstLineOf, formatProblem, resolveConfig } from '../../lib/config/resolve-config.ts';
import { recordedEnv } from './recorded-env.ts';
import { refusals } from './refusals.ts';
import { generateStack, type Stack } from './stack.ts';

/** What a deployment is asked for. */
export interface StackRequest {
  readonly stage: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `--param` says. */
  readonly params: readonly string[];
}

/** The stack, or one line for each reason against it. */
export type LoadedStack =
  { readonly ok: true; readonly stack: Stack } | { readonly ok: false; readonly problems: readonly string[] };

/** The stack of the built configuration. Never throws. */
export async function loadStack({ stage, env, params }: StackRequest): Promise<LoadedStack> {
  const recorded = recordedEnv(env);
  const { config, problems } = await import('../../streampass.config.ts').then(
    ({ default: definition }) => resolveConfig(definition, { stage, env: recorded.env }),
    (error: unknown) => ({
      config: undefined,
      problems: [{ path: '', problem: `the file throws: ${firstLineOf(error)}` }],
    }),
  );
  if (config === undefined || problems.length > 0) {
    return { ok: false, problems: problems.map((problem) => formatProblem(problem)) };
  }
  // The local stack says itself which page it serves, whatever the configuration names.
  const page = stage === 'local' ? env['CORS_ORIGINS'] : undefined;
  const context = { config, stage, variables: recorded.read(), ...(page && { page }) };
  const refused = refusals(context, params);
  return refused.length > 0 ? { ok: false, problems: refused } : { ok: true, stack: generateStack(context) };
}
