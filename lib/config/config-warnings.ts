import type { OptionProblem } from '../options/check-options.ts';
import { lintPolicy, type FindingKind } from '../policy/lint.ts';
import type { Config } from './config.ts';

/** What is hardly meant, whatever the user's rules are about. `npm run policy -- lint` says more. */
const WARNED: readonly FindingKind[] = ['no_issuer', 'never_matches', 'group_not_sent', 'group_case'];

/** What the author of a sound configuration should know before it is deployed. A warning stops nothing. */
export function configWarnings(config: Config): readonly OptionProblem[] {
  return lintPolicy(config)
    .filter(({ kind }) => WARNED.includes(kind))
    .map(({ path, text }) => ({ path, problem: text }));
}
