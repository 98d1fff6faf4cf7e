import type { Config } from '../../lib/config/config.ts';
import { firstLineOf, formatProblem, resolveConfig } from '../../lib/config/resolve-config.ts';
import { inStage } from '../../lib/config/stand-ins.ts';
import { writeLine } from '../../lib/node/log.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The configuration of a function. */
export interface Configured {
  /** Empty if it is not sound. */
  readonly config: Config;
  /** The log lines, one for each mistake; none if it is sound. */
  readonly problems: readonly string[];
}

/**
 * The configuration of this function, of the stage in `STREAMPASS_STAGE`. Each mistake is one log line. A file that throws
 * counts as a mistake too: a failed import would end the function's start without a reason in the log.
 */
export async function configured(
  importFile: () => Promise<{ readonly default: unknown }>,
  env: Env,
): Promise<Configured> {
  const context = { stage: env['STREAMPASS_STAGE'] || 'local', env };
  const { config, problems } = await importFile().then(
    (file) => resolveConfig(file.default, context),
    (error: unknown) => ({
      ...resolveConfig({ issuers: [], targets: {}, grants: [] }, { stage: '', env: {} }),
      problems: [{ path: '', problem: `the file throws: ${firstLineOf(error)}` }],
    }),
  );
  const lines = problems.map((problem) => formatProblem(problem));
  for (const problem of lines) writeLine({ event: 'config.invalid', problem });
  return { config: lines.length === 0 ? inStage(config, context) : config, problems: lines };
}
