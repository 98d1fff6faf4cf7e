import type { Identity } from '../identity/identity.ts';
import type { Target, Transport } from '../targets/target.ts';
import { compileRooms } from './room.ts';
import type { RoomPatterns } from './room.ts';
import type { Rule, Who } from './rule.ts';

/** A rule as it is asked in requests: its rooms are read once, at start. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly rooms: RoomPatterns;
  /** The transports it allows, of those that its target knows. */
  readonly transports: readonly Transport[];
}

/**
 * Rules by target and by the one condition that most people fail, so that the cost of a request grows with the rules that
 * match a person, not with those that are configured.
 */
export interface RuleIndex {
  readonly byTarget: ReadonlyMap<string, TargetRules>;
}

interface TargetRules {
  readonly rules: ReadonlyMap<string, readonly CompiledRule[]>;
  /** Claims that some rule is filed under. */
  readonly claimNames: readonly string[];
}

const EVERYONE = 'everyone';

/** Reads and files all rules, once at start. Rules of unknown targets are left out: `checkConfig` tells of them. */
export function indexRules(rules: readonly Rule[], targets: Readonly<Record<string, Target>>): RuleIndex {
  const byTarget = new Map<string, { rules: Map<string, CompiledRule[]>; claimNames: Set<string> }>();
  for (const rule of rules) {
    const target = Object.hasOwn(targets, rule.target) ? targets[rule.target] : undefined;
    if (target === undefined) continue;
    const filed = byTarget.get(rule.target) ?? { rules: new Map(), claimNames: new Set() };
    byTarget.set(rule.target, filed);
    const { key, claim } = fileUnder(rule);
    if (claim !== undefined) filed.claimNames.add(claim);
    const compiled: CompiledRule = {
      rule,
      rooms: compileRooms(rule.rooms, target.foldsRoomCase),
      transports: target.transports.filter((transport) => rule.transports?.includes(transport) ?? true),
    };
    filed.rules.set(key, [...(filed.rules.get(key) ?? []), compiled]);
  }
  return {
    byTarget: new Map(
      [...byTarget].map(([name, filed]) => [
        name,
        { rules: filed.rules, claimNames: [...filed.claimNames] } satisfies TargetRules,
      ]),
    ),
  };
}

/** The rules of a target whose every condition holds for a person at `now` (epoch seconds). */
export function matchRules(
  index: RuleIndex,
  targetName: string,
  identity: Identity,
  now: number,
): readonly CompiledRule[] {
  const filed = index.byTarget.get(targetName);
  if (filed === undefined) return [];
  const keys = new Set([
    EVERYONE,
    `issuer ${identity.issuer}`,
    ...identity.groups.map((group) => `group ${group}`),
    ...filed.claimNames.flatMap((name) => claimValues(identity, name).map((value) => claimKey(name, value))),
  ]);
  return [...keys].flatMap((key) =>
    (filed.rules.get(key) ?? []).filter(({ rule }) => holds(rule, identity, now)),
  );
}

function fileUnder(rule: Rule): { key: string; claim?: string } {
  if (rule.group !== undefined) return { key: `group ${rule.group}` };
  for (const [claim, wanted] of Object.entries(rule.claims ?? {})) {
    if (!Array.isArray(wanted)) return { key: claimKey(claim, wanted), claim };
  }
  return { key: rule.issuer === undefined ? EVERYONE : `issuer ${rule.issuer}` };
}

function claimKey(name: string, value: unknown): string {
  return `claim ${JSON.stringify([name, value])}`;
}

/** Whether all conditions that are given hold; a condition of one's own that throws counts as no. */
function holds(who: Who, identity: Identity, now: number): boolean {
  if (who.group !== undefined && !identity.groups.includes(who.group)) return false;
  if (who.issuer !== undefined && who.issuer !== identity.issuer) return false;
  for (const [name, wanted] of Object.entries(who.claims ?? {})) {
    const values = claimValues(identity, name);
    const accepted: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
    if (!values.some((value) => accepted.includes(value))) return false;
  }
  if (who.signedInWithin !== undefined) {
    const signedInAt = identity.claims['auth_time'];
    if (typeof signedInAt !== 'number' || !(now - signedInAt <= who.signedInWithin)) return false;
  }
  if (who.when === undefined) return true;
  try {
    return who.when(identity) === true;
  } catch {
    return false;
  }
}

/** A claim's values: a list's entries, or the one value; none where the token has no such claim. */
function claimValues(identity: Identity, name: string): readonly unknown[] {
  if (!Object.hasOwn(identity.claims, name)) return [];
  const value = identity.claims[name];
  return Array.isArray(value) ? value : [value];
}
