import type { Config } from '../../lib/config/config.ts';
import { covers, permissionsOf } from '../../lib/policy/permissions.ts';
import type { Permission } from '../../lib/policy/permissions.ts';
import { duration, roomName, whoIs } from './wording.ts';

/** The change of permissions that differ only in their transport. */
interface Change {
  readonly who: string;
  readonly verb: 'gains' | 'longer' | 'loses' | 'shorter';
  readonly target: string;
  readonly action: string;
  readonly room: string;
  /** Empty for a target whose rules cannot name any. */
  readonly transports: readonly string[];
  readonly time: string;
}

/** A change beside the rules. */
interface Note {
  readonly text: string;
  /** Whether it can let somebody in, or keep somebody out; absent if it does neither by itself. */
  readonly effect?: 'gains' | 'losses';
}

/** What changes between two configurations. */
export interface Difference {
  readonly notes: readonly Note[];
  readonly changes: readonly Change[];
}

/**
 * The permissions that users gain and lose between two configurations. A permission that another rule gives to the same users,
 * or to more users, is neither gained nor lost.
 */
export function comparePolicies(before: Config, after: Config): Difference {
  const old = permissionsOf(before);
  const fresh = permissionsOf(after);
  return {
    notes: [
      ...noteChanges('issuer', issuersOf(before), issuersOf(after), ['gains', 'losses']),
      ...noteChanges('client', clientsOf(before, after), clientsOf(after, before), ['gains', 'losses']),
      ...noteChanges('service', servicesOf(before, after), servicesOf(after, before), ['gains', 'losses']),
      ...noteChanges('target', Object.keys(before.targets), Object.keys(after.targets), []),
      ...noteChanges('denied subject', before.deny.subjects, after.deny.subjects, ['losses', 'gains']),
      ...noteChanges('denied session', before.deny.sessions, after.deny.sessions, ['losses', 'gains']),
    ],
    changes: mergeTransports([
      ...fresh.flatMap((permission) => changeOf(permission, old, 'gains', 'longer')),
      ...old.flatMap((permission) => changeOf(permission, fresh, 'loses', 'shorter')),
    ]),
  };
}

/** Whether somebody can gain (or lose) something by a difference. */
export function hasEffect({ notes, changes }: Difference, effect: 'gains' | 'losses'): boolean {
  const verbs = effect === 'gains' ? ['gains', 'longer'] : ['loses', 'shorter'];
  return notes.some((note) => note.effect === effect) || changes.some(({ verb }) => verbs.includes(verb));
}

/** A difference as lines to print; none if nothing changes. */
export function toLines({ notes, changes }: Difference): readonly string[] {
  return [
    ...notes.map(({ text }) => text),
    ...[...Map.groupBy(changes, ({ who }) => who)].flatMap(([who, own]) => [
      `${who}:`,
      ...own.map(({ verb, target, action, room, transports, time }) => {
        const over = transports.length === 0 ? '' : ` over ${transports.join(' ')}`;
        return `  ${verb.padEnd(7)}  ${target}: ${action} in ${room}${over} ${time}`;
      }),
    ]),
  ];
}

/** A difference as Markdown, for a pull request; none if nothing changes. */
export function toMarkdown({ notes, changes }: Difference): readonly string[] {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    ...notes.map(({ text }) => `- ${text}`),
    ...(changes.length === 0
      ? []
      : [
          ...(notes.length === 0 ? [] : ['']),
          row(['who', 'change', 'target', 'action', 'room', 'transports', 'lifetime']),
          row(['---', '---', '---', '---', '---', '---', '---']),
          ...changes.map(({ who, verb, target, action, room, transports, time }) =>
            row([who, `**${verb}**`, target, action, room, transports.join(' '), time]),
          ),
        ]),
  ];
}

/** What becomes of a permission that the other configuration does not give as well; none if it does. */
function changeOf(
  permission: Permission,
  others: readonly Permission[],
  verb: Change['verb'],
  verbInTime: Change['verb'],
): readonly Change[] {
  const { rule, action, room, transport, ttlSeconds } = permission;
  const lifetimes = others.filter((other) => covers(other, permission)).map((other) => other.ttlSeconds);
  const longest = Math.max(...lifetimes);
  if (longest >= ttlSeconds) return [];
  const [was, is] = verb === 'gains' ? [longest, ttlSeconds] : [ttlSeconds, longest];
  const time =
    lifetimes.length === 0
      ? `for at most ${duration(ttlSeconds)}`
      : `for at most ${duration(is)} instead of ${duration(was)}`;
  return [
    {
      who: whoIs(rule),
      verb: lifetimes.length === 0 ? verb : verbInTime,
      target: rule.target,
      action,
      room: roomName(room),
      transports: transport === '' ? [] : [transport],
      time: `${time}${rule.withinSignIn === true ? ', within the sign-in' : ''}`,
    },
  ];
}

function mergeTransports(changes: readonly Change[]): readonly Change[] {
  const alike = Map.groupBy(changes, (change) => JSON.stringify({ ...change, transports: [] }));
  return [...alike.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [{ ...first, transports: [first, ...others].flatMap(({ transports }) => transports) }],
  );
}

function issuersOf({ issuers }: Config): readonly string[] {
  return issuers.map(({ issuer }) => issuer);
}

/** The client ids of those issuers that both configurations have. */
function clientsOf(config: Config, other: Config): readonly string[] {
  return commonIssuers(config, other).flatMap(({ issuer, audience }) =>
    audience.map((id) => `${id} of ${issuer}`),
  );
}

/** The services of these issuers. */
function servicesOf(config: Config, other: Config): readonly string[] {
  return commonIssuers(config, other).flatMap(({ issuer, services }) =>
    (services?.clientIds ?? []).map((id) => `${id} of ${issuer}`),
  );
}

function commonIssuers({ issuers }: Config, other: Config): Config['issuers'] {
  const common = issuersOf(other);
  return issuers.filter(({ issuer }) => common.includes(issuer));
}

function noteChanges(
  noun: string,
  before: readonly string[] = [],
  after: readonly string[] = [],
  [whenNew, whenGone]: readonly NonNullable<Note['effect']>[],
): readonly Note[] {
  const noteOf = (text: string, effect: Note['effect']): Note => ({ text, ...(effect && { effect }) });
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry) => noteOf(`${noun} ${entry} is new`, whenNew)),
    ...before
      .filter((entry) => !after.includes(entry))
      .map((entry) => noteOf(`${noun} ${entry} is gone`, whenGone)),
  ];
}
