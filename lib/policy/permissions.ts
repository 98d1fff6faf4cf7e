import type { Target } from '../media-servers/target.ts';
import type { Rule, Who } from './rule.ts';

/** One permission of one rule, which a policy has or lacks as a whole. */
export interface Permission {
  readonly rule: Rule;
  /** The rule's place in the configuration. */
  readonly position: number;
  readonly action: string;
  /** A pattern, in the case that the target folds to. */
  readonly room: string;
  /** Empty if rules of this target cannot name transports. */
  readonly transport: string;
  readonly ttlSeconds: number;
}

/** The parts of a configuration that decide who may do what. */
export interface Policy {
  readonly targets: Readonly<Record<string, Target>>;
  readonly grants: readonly Rule[];
}

/** Everything that the rules allow, one by one. Rules of unknown targets allow nothing. */
export function permissionsOf({ grants, targets }: Policy): readonly Permission[] {
  return grants.flatMap((rule, position) => {
    const target = Object.hasOwn(targets, rule.target) ? targets[rule.target] : undefined;
    if (target === undefined) return [];
    const ttlSeconds = Math.min(rule.ttl, target.longestToken);
    return rule.actions.flatMap((action) =>
      rule.rooms.flatMap((pattern) =>
        transportsOf(rule, target).map((transport) => {
          const room = foldPattern(pattern, target);
          return { rule, position, action, room, transport, ttlSeconds };
        }),
      ),
    );
  });
}

function transportsOf(rule: Rule, target: Target): readonly string[] {
  if (target.transports.length === 0 || target.ignoresTransports) return [''];
  return target.transports.filter((transport) => rule.transports?.includes(transport) ?? true);
}

/** A room pattern in the case that the target folds to; the names of claims keep theirs. */
export function foldPattern(pattern: string, { foldsRoomCase }: Target): string {
  const lower = (text: string): string => (text.startsWith('$') ? text : text.toLowerCase());
  return foldsRoomCase ? pattern.replaceAll(/\$\{[^}]*\}|[^$]+|\$/g, lower) : pattern;
}

/** Whether `wide` gives every user who has `narrow` the same permission. Lifetimes are not compared. */
export function covers(wide: Permission, narrow: Permission): boolean {
  return (
    wide.rule.target === narrow.rule.target &&
    wide.action === narrow.action &&
    wide.transport === narrow.transport &&
    (wide.rule.withinSignIn !== true || narrow.rule.withinSignIn === true) &&
    coversRoom(wide.room, narrow.room) &&
    coversWho(wide.rule, narrow.rule)
  );
}

function coversRoom(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === '*') return true;
  // What a template matches depends on the user, so it covers only itself.
  return !wide.includes('${') && wide.endsWith('*') && narrow !== '*' && narrow.startsWith(wide.slice(0, -1));
}

/** Whether each condition of `wide` follows from one of `narrow`. */
function coversWho(wide: Who, narrow: Who): boolean {
  return (
    wide.subject === narrow.subject &&
    (wide.group === undefined || wide.group === narrow.group) &&
    (wide.issuer === undefined || wide.issuer === narrow.issuer) &&
    (wide.signedInWithin === undefined || (narrow.signedInWithin ?? Infinity) <= wide.signedInWithin) &&
    (wide.when === undefined || wide.when.toString() === narrow.when?.toString()) &&
    Object.entries(wide.claims ?? {}).every(([name, accepted]) => {
      const wanted =
        narrow.claims !== undefined && Object.hasOwn(narrow.claims, name) ? [narrow.claims[name]].flat() : [];
      return wanted.length > 0 && wanted.every((value) => [accepted].flat().some((one) => one === value));
    })
  );
}
