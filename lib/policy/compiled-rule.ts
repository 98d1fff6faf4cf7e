import type { Target } from '../media-servers/target.ts';
import type { Transport } from './grant.ts';
import { compileRooms } from './room.ts';
import type { RoomPatterns } from './room.ts';
import type { Rule } from './rule.ts';

/** A rule, prepared for requests: its rooms are parsed once, at start. */
export interface CompiledRule {
  readonly rule: Rule;
  /** Its place in the configuration's list of rules. */
  readonly position: number;
  readonly rooms: RoomPatterns;
  /** The transports that it allows, among those that its target knows. */
  readonly transports: readonly Transport[];
}

/** Prepares a rule for its target. */
export function compileRule(rule: Rule, position: number, target: Target): CompiledRule {
  return {
    rule,
    position,
    rooms: compileRooms(rule.rooms, target),
    transports: target.transports.filter((transport) => rule.transports?.includes(transport) ?? true),
  };
}

/** An action, a room and a transport to check a rule for; a missing one is not checked. */
export interface Wanted {
  readonly action?: string;
  readonly transport?: Transport;
}

/** Whether a rule allows this in some room. */
export function allows({ rule, transports }: CompiledRule, { action, transport }: Wanted): boolean {
  return (
    (action === undefined || rule.actions.includes(action)) &&
    (transport === undefined || transports.includes(transport))
  );
}
