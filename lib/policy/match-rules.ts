import type { Identity } from '../identity/identity.ts';
import type { Target } from '../media-servers/target.ts';
import { allows, compileRule } from './compiled-rule.ts';
import type { CompiledRule, Wanted } from './compiled-rule.ts';
import type { Rule, Who } from './rule.ts';
import { fileByRoom, newRulesByRoom, rulesForRooms } from './rules-by-room.ts';
import type { RulesByRoom } from './rules-by-room.ts';

/**
 * Rules indexed by target, by one condition on the user, and by room. So the cost of a request grows with the request, not
 * with the configuration.
 */
export interface RuleIndex {
  /** Largest difference between two clocks, in seconds. */
  readonly clockSkew: number;
  readonly byTarget: ReadonlyMap<string, TargetRules>;
}

interface TargetRules {
  readonly byCondition: ReadonlyMap<string, RulesByRoom>;
  /** Claims that some rule has a condition on. */
  readonly claimNames: ReadonlySet<string>;
}

const EVERYONE = 'everyone';

/**
 * Indexes all rules, once at start. Rules of unknown targets are left out, because `configProblems` reports them.
 *
 * @param clockSkew largest difference between two clocks, in seconds
 */
export function indexRules(
  rules: readonly Rule[],
  targets: Readonly<Record<string, Target>>,
  clockSkew: number,
): RuleIndex {
  const compiled = rules.flatMap((rule, position) => {
    const target = Object.hasOwn(targets, rule.target) ? targets[rule.target] : undefined;
    return target === undefined ? [] : [compileRule(rule, position, target)];
  });
  const byTarget = Map.groupBy(compiled, ({ rule }) => rule.target);
  return {
    clockSkew,
    byTarget: new Map([...byTarget].map(([name, own]) => [name, indexTargetRules(own)])),
  };
}

/** Indexes each rule by the condition that it shares with the fewest others. */
function indexTargetRules(rules: readonly CompiledRule[]): TargetRules {
  const uses = new Map<string, number>();
  for (const key of rules.flatMap(({ rule }) => conditionsOf(rule).flat())) {
    uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  const usesOf = (condition: readonly string[]): number =>
    condition.reduce((sum, key) => sum + (uses.get(key) ?? 0), 0);

  const byCondition = new Map<string, RulesByRoom>();
  for (const compiled of rules) {
    const rarest = conditionsOf(compiled.rule).reduce((a, b) => (usesOf(b) < usesOf(a) ? b : a));
    for (const key of new Set(rarest)) {
      const file = byCondition.get(key) ?? newRulesByRoom();
      byCondition.set(key, file);
      fileByRoom(file, compiled);
    }
  }
  const claimNames = rules.flatMap(({ rule }) => Object.keys(rule.claims ?? {}));
  return { byCondition, claimNames: new Set(claimNames) };
}

/**
 * The rules of a target whose conditions all hold for a user at `now` (epoch seconds).
 *
 * @param rooms if given, most rules that can allow none of these rooms are left out; `*` stands for any room
 */
export function matchRules(
  index: RuleIndex,
  targetName: string,
  identity: Identity,
  now: number,
  rooms?: readonly string[],
): readonly CompiledRule[] {
  const filed = index.byTarget.get(targetName);
  if (filed === undefined) return [];
  const matching = new Set<CompiledRule>();
  const groups = new Set(identity.groups);
  for (const key of keysOf(identity, filed.claimNames)) {
    const file = filed.byCondition.get(key);
    if (file === undefined) continue;
    for (const compiled of rooms === undefined ? file.all : rulesForRooms(file, rooms)) {
      if (holds(compiled.rule, identity, groups, now, index.clockSkew)) matching.add(compiled);
    }
  }
  return [...matching];
}

/**
 * Whether some rule of a target, for any room, matches a user at `now` (epoch seconds) and allows this. It stops at the first
 * match, and skips each group of rules in which no rule allows it.
 */
export function someRuleMatches(
  index: RuleIndex,
  targetName: string,
  identity: Identity,
  now: number,
  wanted: Wanted,
): boolean {
  const filed = index.byTarget.get(targetName);
  if (filed === undefined) return false;
  const groups = new Set(identity.groups);
  return keysOf(identity, filed.claimNames).some((key) => {
    const file = filed.byCondition.get(key);
    if (file === undefined || !mayAllow(file, wanted)) return false;
    return file.all.some(
      (compiled) => allows(compiled, wanted) && holds(compiled.rule, identity, groups, now, index.clockSkew),
    );
  });
}

function mayAllow({ actions, transports }: RulesByRoom, { action, transport }: Wanted): boolean {
  return (
    (action === undefined || actions.has(action)) && (transport === undefined || transports.has(transport))
  );
}

/** A rule's conditions that can be indexed, each as a set of keys of which the user must have one. */
function conditionsOf(rule: Rule): readonly (readonly string[])[] {
  const claims = Object.entries(rule.claims ?? {}).map(([name, wanted]) =>
    acceptedValues(wanted).map((value) => claimKey(name, value)),
  );
  return [
    ...(rule.group === undefined ? [] : [[groupKey(rule.group)]]),
    ...claims,
    ...(rule.issuer === undefined ? [] : [[issuerKey(rule.issuer)]]),
    ...(rule.group === undefined && rule.issuer === undefined && claims.length === 0 ? [[EVERYONE]] : []),
  ];
}

/** All keys of a user. Claims without a condition in any rule are skipped. */
function keysOf(identity: Identity, claimNames: ReadonlySet<string>): readonly string[] {
  const keys = [EVERYONE, issuerKey(identity.issuer), ...identity.groups.map(groupKey)];
  if (claimNames.size === 0) return keys;
  for (const name of Object.keys(identity.claims)) {
    if (!claimNames.has(name)) continue;
    for (const value of claimValues(identity, name)) keys.push(claimKey(name, value));
  }
  return keys;
}

function groupKey(group: string): string {
  return `group ${group}`;
}

function issuerKey(issuer: string): string {
  return `issuer ${issuer}`;
}

function claimKey(name: string, value: unknown): string {
  return `claim ${JSON.stringify([name, value])}`;
}

/** Whether all conditions of the rule hold. A condition `when` that throws does not hold. */
function holds(
  who: Who,
  identity: Identity,
  groups: ReadonlySet<string>,
  now: number,
  clockSkew: number,
): boolean {
  if ((who.subject === 'service') !== (identity.isService === true)) return false;
  if (who.group !== undefined && !groups.has(who.group)) return false;
  if (who.issuer !== undefined && who.issuer !== identity.issuer) return false;
  for (const [name, wanted] of Object.entries(who.claims ?? {})) {
    const values = claimValues(identity, name);
    const accepted = acceptedValues(wanted);
    if (!values.some((value) => accepted.includes(value))) return false;
  }
  if (who.signedInWithin !== undefined) {
    const signedInAt = identity.claims['auth_time'];
    if (typeof signedInAt !== 'number') return false;
    const age = now - signedInAt;
    // An age below zero is a sign-in in the future, or a time in milliseconds.
    if (!(age >= -clockSkew && age <= who.signedInWithin + clockSkew)) return false;
  }
  if (who.when === undefined) return true;
  try {
    return who.when(identity) === true;
  } catch {
    return false;
  }
}

/** The values of which the claim must have one. Some providers send true and false as strings (Apple, Cognito). */
function acceptedValues(wanted: unknown): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  return values.flatMap((value) => (typeof value === 'boolean' ? [value, String(value)] : [value]));
}

/** A claim's values: the entries of an array, or the one value; none if the token has no such claim. */
function claimValues(identity: Identity, name: string): readonly unknown[] {
  if (!Object.hasOwn(identity.claims, name)) return [];
  const value = identity.claims[name];
  return Array.isArray(value) ? value : [value];
}
