import { checkConfig } from './check-config.ts';
import type { ConfigProblem } from './check-config.ts';
import type { Config } from './config.ts';

/** Every mistake in a configuration, and in how it and the environment go together; none where both are sound. */
export function configProblems(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): readonly ConfigProblem[] {
  return [...checkConfig(config), ...unreadDenyTable(config, env)];
}

/** A stack that has a deny table, and a configuration that never reads it, would let denied people in. */
function unreadDenyTable(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): readonly ConfigProblem[] {
  const problem =
    "DENY_TABLE is set, so it must be dynamoDenyTable(env['DENY_TABLE']) of lib/aws/deny-table.ts";
  return env['DENY_TABLE'] && config.deny.table === undefined ? [{ path: 'deny.table', problem }] : [];
}
