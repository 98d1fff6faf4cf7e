import type { Identity } from '../identity/identity.ts';
import type { Grant } from '../targets/target.ts';
import { matchRules } from './match-rules.ts';
import type { RuleIndex } from './match-rules.ts';
import { matchRooms } from './room.ts';
import type { Rule } from './rule.ts';

/**
 * Which rules a grant rests on, as their paths in the configuration (`grants[2]`), in its order: those that allow some
 * combination of it. For the audit line, so that a token can be traced to what let its bearer have it.
 *
 * @param configured all rules, of which `rules` is made
 * @param now epoch seconds
 */
export function grantingRules(
  rules: RuleIndex,
  configured: readonly Rule[],
  targetName: string,
  identity: Identity,
  grant: Grant,
  now: number,
): readonly string[] {
  const matching = matchRules(rules, targetName, identity, now, grant.rooms === '*' ? ['*'] : grant.rooms);
  const allowingSome = matching.filter(({ rule, rooms, transports }) => {
    const matcher = matchRooms(rooms, identity.claims);
    return (
      rule.actions.some((action) => grant.actions.includes(action)) &&
      (grant.transports.length === 0 ||
        transports.some((transport) => grant.transports.includes(transport))) &&
      (grant.rooms === '*' ? matcher.any : grant.rooms.some((room) => matcher.matches(room)))
    );
  });
  return allowingSome
    .map(({ rule }) => configured.indexOf(rule))
    .sort((a, b) => a - b)
    .map((index) => `grants[${index}]`);
}
