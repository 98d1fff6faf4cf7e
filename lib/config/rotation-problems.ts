import type { OptionProblem } from '../options/check-options.ts';
import { longestTokenOf } from '../rotation/longest-token.ts';
import { rotationOf } from '../rotation/options.ts';
import { policyOf, rotationSeconds } from '../rotation/policy.ts';
import type { Config } from './config.ts';

const WEEK = 7 * 86_400;

/** Targets whose secret would be rotated more often than a rotation can end, one line each. */
export function rotationProblems({
  rotation,
  targets,
  timing,
  grants,
}: Pick<Config, 'rotation' | 'targets' | 'timing' | 'grants'>): OptionProblem[] {
  return Object.entries(targets).flatMap(([name, target]) => {
    const longestToken = longestTokenOf(name, target, grants);
    const policy = policyOf({ ...target, longestToken }, timing, rotationOf(rotation, target.rotation));
    // A push may have to wait for its window for most of a week.
    const least = rotationSeconds(policy) + (policy.window === undefined ? 0 : WEEK);
    if (policy.everySeconds === undefined || policy.everySeconds >= least) return [];
    const path = target.rotation === undefined ? 'rotation.every' : `targets.${name}.rotation.every`;
    return [{ path, problem: `must be ${least} seconds or more: a rotation of ${name} takes that long` }];
  });
}
