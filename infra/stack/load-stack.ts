/** Bundled with the configuration into `dist/infra/stack.mjs`, which `infra/stack.cjs` hands to serverless.yml. */

import { firstLineOf, formatProblem, resolveConfig } from '../../lib/config/resolve-config.ts';
import { recordedEnv } from './recorded-env.ts';
import { refusals } from './refusals.ts';
import { generateStack, type Stack } from './stack.ts';

export { limitProblems } from './limits.ts';

/** The inputs of a deployment. */
export interface StackRequest {
  readonly stage: string;
  readonly region: string;
  /** The process. A configuration may also read its `env` directly: while it is read, that is the recorded one. */
  readonly host: { env: Readonly<Record<string, string | undefined>> };
  /** What `--param` says. */
  readonly params: readonly string[];
}

/** The stack, with one line for each reason not to deploy it; or one line for each mistake of the configuration. */
export type LoadedStack =
  | { readonly ok: true; readonly stack: Stack & { readonly refusals: readonly string[] } }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The stack of the built configuration. Never throws. */
export async function loadStack({ stage, region, host, params }: StackRequest): Promise<LoadedStack> {
  const { env } = host;
  // As a function sees it, whoever deploys.
  const recorded = recordedEnv({ ...env, AWS_REGION: region });
  host.env = recorded.env;
  const { config, problems } = await import('../../streampass.config.ts')
    .then(
      ({ default: definition }) => resolveConfig(definition, { stage, env: recorded.env }),
      (error: unknown) => ({
        config: undefined,
        problems: [{ path: '', problem: `the file throws: ${firstLineOf(error)}` }],
      }),
    )
    .finally(() => (host.env = env));
  if (config === undefined || problems.length > 0) {
    return { ok: false, problems: problems.map((problem) => formatProblem(problem)) };
  }
  // The local stack says itself which page it serves, whatever the configuration names.
  const page = stage === 'local' ? env['CORS_ORIGINS'] : undefined;
  const context = { config, stage, variables: recorded.read(), ...(page && { page }) };
  return {
    ok: true,
    stack: { ...generateStack(context), refusals: refusals(context, { region, params }) },
  };
}
