import type { Rule } from '../policy/rule.ts';
import type { Target } from '../media-servers/target.ts';

/** The shortest lifetime that can be asked for, and that of a probe's token, in seconds. */
const SHORTEST = 60;

/** The longest token that a target's rules allow, at most its own limit, in seconds. @param name the target's */
export function longestTokenOf(
  name: string,
  { longestToken }: Pick<Target, 'longestToken'>,
  grants: readonly Pick<Rule, 'target' | 'ttl'>[],
): number {
  const allowed = grants.filter(({ target }) => target === name).map(({ ttl }) => ttl);
  return Math.min(longestToken, Math.max(SHORTEST, ...allowed));
}
