import type { Config, ConfigInput } from '../../lib/config/config.ts';
import type { OptionProblem } from '../../lib/options/check-options.ts';
import { formatProblem, resolveConfig } from '../../lib/config/resolve-config.ts';
import { localSecretOf } from '../../lib/config/stand-ins.ts';
import fixture from './streampass.config.ts';

/** The secrets of the fixture's targets on one machine. */
export const LOCAL_SECRETS = ['red5', 'jitsi', 'rtcstats', 'stream-keys'].map(localSecretOf);

/** A configuration as it is used, of the stage `test`; throws if it is not sound. */
export function configOf(input: ConfigInput): Config {
  return resolved(input, {});
}

/** All that is wrong with what a configuration file exports, as `path: problem`; of the stage `test`. */
export function problemsOf(
  definition: unknown,
  env: Readonly<Record<string, string>> = {},
): readonly OptionProblem[] {
  return resolveConfig(definition, { stage: 'test', env }).problems;
}

/** The fixture, without an issuer unless the environment names one. */
export function fixtureConfig(env: Readonly<Record<string, string>> = {}): Config {
  return resolved(fixture, env);
}

function resolved(definition: unknown, env: Readonly<Record<string, string>>): Config {
  const { config, problems } = resolveConfig(definition, { stage: 'test', env });
  if (problems.length > 0) throw new Error(problems.map((problem) => formatProblem(problem)).join('\n'));
  return config;
}
