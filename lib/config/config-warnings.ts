import type { OptionProblem } from '../options/check-options.ts';
import { lintPolicy, type FindingKind } from '../policy/lint.ts';
import type { Config } from './config.ts';

/** Findings that are mistakes in almost every configuration. `npm run policy -- lint` lists more. */
const WARNED: readonly FindingKind[] = ['no_issuer', 'never_matches', 'group_not_sent', 'group_case'];

/** Warnings about a valid configuration, for its author before a deployment. A warning stops nothing. */
export function configWarnings(config: Config): readonly OptionProblem[] {
  return lintPolicy(config)
    .filter(({ kind }) => WARNED.includes(kind))
    .map(({ path, text }) => ({ path, problem: text }));
}
