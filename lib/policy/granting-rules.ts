import type { Identity } from '../identity/identity.ts';
import type { Grant } from './grant.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { matchRooms } from './room.ts';

/**
 * Which rules a grant rests on, as their paths in the configuration (`grants[2]`), in its order: those that allow some
 * combination of it. For the audit line, so that a token can be traced to what let its bearer have it.
 *
 * @param matching the rules that match the person and may allow the grant's rooms
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
