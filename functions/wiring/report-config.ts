import { formatProblem } from '../../lib/config/check-config.ts';
import { configProblems } from '../../lib/config/config-problems.ts';
import type { Config } from '../../lib/config/config.ts';
import { writeLine } from '../../lib/node/log.ts';

/** Whether a configuration is sound; logs a line for each mistake where it is not. */
export function reportConfig(config: Config, env: Readonly<Record<string, string | undefined>>): boolean {
  const problems = configProblems(config, env);
  for (const problem of problems) writeLine({ event: 'config.invalid', problem: formatProblem(problem) });
  return problems.length === 0;
}
