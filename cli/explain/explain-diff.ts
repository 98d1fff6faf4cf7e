import type { Config } from '../../lib/config/config.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import { conditionsOf, duration, roomName, whoIs } from './wording.ts';

/** One thing that one rule allows: small enough to be there or not. */
interface Permission {
  readonly who: string;
  readonly conditions: ReadonlySet<string>;
  readonly target: string;
  readonly action: string;
  readonly room: string;
  /** Empty where the target knows none. */
  readonly transport: string;
  readonly ttlSeconds: number;
  readonly withinSignIn: boolean;
}

/** What becomes of a permission between two configurations. */
interface Change {
  readonly verb: 'gains' | 'longer' | 'loses' | 'shorter';
  readonly permission: Permission;
  /** How long the other configuration gives it, where it does. */
  readonly otherTtlSeconds?: number;
}

/**
 * Who gains and who loses what between two configurations: lines to print, none where nothing changes. What another rule
 * allows to the same people anyway, or to more people, is neither gained nor lost.
 */
export function explainDiff(before: Config, after: Config): readonly string[] {
  const old = permissionsOf(before);
  const fresh = permissionsOf(after);
  const changes = [
    ...fresh.flatMap((permission) => changeOf(permission, old, ['gains', 'longer'])),
    ...old.flatMap((permission) => changeOf(permission, fresh, ['loses', 'shorter'])),
  ];
  return [
    ...listChanges('issuer', issuersOf(before), issuersOf(after)),
    ...listChanges('target', Object.keys(before.targets), Object.keys(after.targets)),
    ...listChanges('denied subject', before.deny.subjects ?? [], after.deny.subjects ?? []),
    ...listChanges('denied session', before.deny.sessions ?? [], after.deny.sessions ?? []),
    ...[...new Set(changes.map(({ permission }) => permission.who))].flatMap((who) => [
      `${who}:`,
      ...toLines(changes.filter(({ permission }) => permission.who === who)),
    ]),
  ];
}

function permissionsOf({ grants, targets }: Config): readonly Permission[] {
  return grants.flatMap((rule: Rule) => {
    const target = Object.hasOwn(targets, rule.target) ? targets[rule.target] : undefined;
    if (target === undefined) return [];
    const known: readonly string[] = target.transports.length === 0 ? [''] : target.transports;
    const transports = known.filter(
      (way) => way === '' || (rule.transports?.some((named) => named === way) ?? true),
    );
    return rule.actions.flatMap((action) =>
      rule.rooms.flatMap((room) =>
        transports.map((transport) => ({
          who: whoIs(rule),
          conditions: new Set(conditionsOf(rule)),
          target: rule.target,
          action,
          room: target.foldsRoomCase ? room.replaceAll(/\$\{[^}]*\}|[A-Z]/g, lowerLetter) : room,
          transport,
          ttlSeconds: Math.min(rule.ttl, target.longestToken),
          withinSignIn: rule.withinSignIn === true,
        })),
      ),
    );
  });
}

function lowerLetter(match: string): string {
  return match.length === 1 ? match.toLowerCase() : match;
}

/** What becomes of a permission that the other configuration does not give as well; none where it does. */
function changeOf(
  permission: Permission,
  others: readonly Permission[],
  [verb, verbInTime]: readonly [Change['verb'], Change['verb']],
): readonly Change[] {
  const lifetimes = others.filter((other) => covers(other, permission)).map(({ ttlSeconds }) => ttlSeconds);
  const longest = Math.max(...lifetimes);
  if (longest >= permission.ttlSeconds) return [];
  return [
    lifetimes.length === 0
      ? { verb, permission }
      : { verb: verbInTime, permission, otherTtlSeconds: longest },
  ];
}

/** Whether whoever has `narrow` has it by `wide` too, for a longer or a shorter time: the same people or more. */
function covers(wide: Permission, narrow: Permission): boolean {
  return (
    wide.target === narrow.target &&
    wide.action === narrow.action &&
    wide.transport === narrow.transport &&
    (!wide.withinSignIn || narrow.withinSignIn) &&
    coversRoom(wide.room, narrow.room) &&
    [...wide.conditions].every((condition) => narrow.conditions.has(condition))
  );
}

function coversRoom(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === '*') return true;
  return wide.endsWith('*') && narrow !== '*' && narrow.startsWith(wide.slice(0, -1));
}

/** Changes as lines; those that differ in their transport alone share one. */
function toLines(changes: readonly Change[]): readonly string[] {
  const transportsOf = new Map<string, string[]>();
  for (const { verb, permission, otherTtlSeconds } of changes) {
    const { target, action, room, transport, ttlSeconds, withinSignIn } = permission;
    const [before, after] = verb === 'longer' ? [otherTtlSeconds, ttlSeconds] : [ttlSeconds, otherTtlSeconds];
    const time =
      before === undefined || after === undefined
        ? `for at most ${duration(ttlSeconds)}`
        : `for at most ${duration(after)} instead of ${duration(before)}`;
    const line = JSON.stringify([
      `  ${verb.padEnd(7)}  ${target}: ${action} in ${roomName(room)}`,
      `${time}${withinSignIn ? ', within the sign-in' : ''}`,
    ]);
    transportsOf.set(line, [...(transportsOf.get(line) ?? []), ...(transport === '' ? [] : [transport])]);
  }
  return [...transportsOf].map(([line, transports]) => {
    const [what, time] = JSON.parse(line) as [string, string];
    return `${what}${transports.length === 0 ? '' : ` over ${transports.join(' ')}`} ${time}`;
  });
}

function issuersOf({ issuers }: Config): readonly string[] {
  return issuers.map(({ issuer }) => issuer);
}

function listChanges(noun: string, before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((entry) => !before.includes(entry)).map((entry) => `${noun} ${entry} is new`),
    ...before.filter((entry) => !after.includes(entry)).map((entry) => `${noun} ${entry} is gone`),
  ];
}
