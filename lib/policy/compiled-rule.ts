import type { Target } from '../media-servers/target.ts';
import type { Transport } from './grant.ts';
import { compileRooms } from './room.ts';
import type { RoomPatterns } from './room.ts';
import type { Rule } from './rule.ts';

/** A rule as it is asked in requests: its rooms are read once, at start. */
export interface CompiledRule {
  readonly rule: Rule;
  /** Its place in the configuration's list of rules. */
  readonly position: number;
  readonly rooms: RoomPatterns;
  /** The transports it allows, of those that its target knows. */
  readonly transports: readonly Transport[];
}

/** Reads a rule in the terms of its target. */
export function compileRule(rule: Rule, position: number, target: Target): CompiledRule {
  return {
    rule,
    position,
    rooms: compileRooms(rule.rooms, target),
    transports: target.transports.filter((transport) => rule.transports?.includes(transport) ?? true),
  };
}

/** What a rule is asked about, each by itself; what is left out is not asked. */
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
