import type { Identity } from '../identity/identity.ts';
import type { Grant } from './grant.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { matchRooms } from './room.ts';

/**
 * The rules that allow some combination of a grant, as paths in the configuration (`grants[2]`), in their order there. They
 * are in the audit line, so that a token can be traced to the rules that allowed it.
 *
 * @param matching the rules that match the user and may allow the grant's rooms
 */
export function grantingRules(
  matching: readonly CompiledRule[],
  identity: Identity,
  grant: Grant,
): readonly string[] {
  return matching
    .filter((compiled) => allowsSome(compiled, identity, grant))
    .map(({ position }) => position)
    .sort((a, b) => a - b)
    .map((position) => `grants[${position}]`);
}

function allowsSome({ rule, rooms, transports }: CompiledRule, identity: Identity, grant: Grant): boolean {
  if (!rule.actions.some((action) => grant.actions.includes(action))) return false;
  const knowsTransports = grant.transports.length > 0;
  if (knowsTransports && !transports.some((transport) => grant.transports.includes(transport))) return false;
  if (grant.rooms === '*') return rooms.any;
  const matcher = matchRooms(rooms, identity.claims);
  return grant.rooms.some((room) => matcher.matches(room));
}
