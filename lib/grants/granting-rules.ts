import type { Identity } from '../identity/identity.ts';
import type { Grant } from '../targets/target.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { matchRooms } from './room.ts';
import type { Rule } from './rule.ts';

/**
 * Which rules a grant rests on, as their paths in the configuration (`grants[2]`), in its order: those that allow some
 * combination of it. For the audit line, so that a token can be traced to what let its bearer have it.
 *
 * @param matching the rules that match the person
 * @param configured all rules
 */
export function grantingRules(
  matching: readonly CompiledRule[],
  grant: Grant,
  identity: Identity,
  configured: readonly Rule[],
): readonly string[] {
  const allowsSome = ({ rule, rooms, transports }: CompiledRule): boolean => {
    const matcher = matchRooms(rooms, identity.claims);
    return (
      rule.actions.some((action) => grant.actions.includes(action)) &&
      (grant.transports.length === 0 || transports.some((transport) => grant.transports.includes(transport))) &&
      (grant.rooms === '*' ? matcher.any : grant.rooms.some((room) => matcher.matches(room)))
    );
  };
  return matching
    .filter(allowsSome)
    .map(({ rule }) => configured.indexOf(rule))
    .sort((a, b) => a - b)
    .map((index) => `grants[${index}]`);
}
