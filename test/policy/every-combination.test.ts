import { expect, test } from 'vitest';
import { decideRequest } from '../../lib/exchange/decide-request.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { fixtureConfig } from '../support/config.ts';

/**
 * Every combination of groups, actions, rooms and transports that can be asked for under the tests' rules, against an oracle
 * that knows these rules in its own words and tries each combination on each of them.
 */

const NOW = 1_900_000_000;
const ALL = ['WHIP', 'WHEP', 'RTMP', 'RTSP'];
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  red5: ['publish', 'subscribe'],
  jitsi: ['join', 'moderate'],
  rtcstats: ['report'],
};
const LONGEST: Readonly<Record<string, number>> = { red5: 3540, jitsi: 3600, rtcstats: 86_400 };

/** Whom it is about, on what, what it allows, in any room or in public ones, over what, for how many seconds. */
type Row = readonly [
  who: string,
  target: string,
  actions: string,
  anyRoom: boolean,
  over: string,
  seconds: number,
];
const RULES: readonly Row[] = [
  ['broadcasters', 'red5', 'publish', true, 'WHIP RTMP', 3600],
  ['viewers', 'red5', 'subscribe', false, 'WHEP', 900],
  ['moderators', 'red5', 'publish subscribe', true, ALL.join(' '), 3600],
  ['moderators', 'jitsi', 'join moderate', true, 'none', 3600],
  ['everyone', 'jitsi', 'join', false, 'none', 3600],
  ['everyone', 'rtcstats', 'report', true, 'none', 21_600],
];

interface Asked {
  readonly groups: readonly string[];
  readonly target: string;
  readonly scope?: readonly string[];
  readonly rooms?: readonly string[];
  readonly over?: readonly string[];
}

/** What is right: `ACTIONS over TRANSPORTS for SECONDS`, or the reason of the refusal. */
function oracle({ groups, target, scope, rooms = ['any'], over }: Asked): string {
  const rules = RULES.filter(([who, on]) => on === target && ['everyone', ...groups].includes(who));
  if (rules.length === 0) return 'target_not_allowed';
  if (scope?.includes('moderate') && !scope.includes('join')) return 'join_needed';
  const ways = target === 'red5' ? (over ?? ALL) : ['none'];
  const isNamed = target !== 'red5' || over !== undefined;
  const seconds = (action: string, room: string, way: string): number =>
    Math.max(
      0,
      ...rules
        .filter(([, , actions]) => actions.split(' ').includes(action))
        .filter(([, , , anyRoom]) => anyRoom || room.startsWith('public-'))
        .filter(([, , , , transports]) => transports.split(' ').includes(way))
        .map(([, , , , , lifetime]) => lifetime),
    );
  const everywhere = (action: string, way: string): boolean =>
    rooms.every((room) => seconds(action, room, way) > 0);

  const actions =
    scope ??
    (ACTIONS[target] ?? [])
      .filter((action) => ways[isNamed ? 'every' : 'some']((way) => everywhere(action, way)))
      .filter((action, _index, all) => action !== 'moderate' || all.includes('join'));
  const common = ways.filter((way) => actions.every((action) => everywhere(action, way)));
  const granted = isNamed ? ways : common;
  if (actions.length > 0 && granted.length > 0 && granted.length === (isNamed ? common : granted).length) {
    const each = actions.flatMap((action) =>
      rooms.flatMap((room) => granted.map((way) => seconds(action, room, way))),
    );
    return `${actions.join(' ')} over ${granted.join(' ')} for ${Math.min(LONGEST[target] ?? 0, ...each)}`;
  }

  if (scope?.some((action) => !rules.some(([, , actionsOfRule]) => actionsOfRule.includes(action))))
    return 'action_not_allowed';
  if (actions.length > 0 && scope === undefined) return 'scope_needed';
  if (rooms.some((room) => !rules.some(([, , , anyRoom]) => anyRoom || room.startsWith('public-'))))
    return 'room_not_allowed';
  if (isNamed && ways.some((way) => !rules.some(([, , , , transports]) => transports.includes(way))))
    return 'transport_not_allowed';
  return 'combination_not_allowed';
}

function subsetsOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return items.reduce<readonly (readonly Item[])[]>(
    (subsets, item) => subsets.flatMap((subset) => [subset, [...subset, item]]),
    [[]],
  );
}

/** Left out, or each choice of one or more. */
function choicesOf<Item>(items: readonly Item[], most = Infinity): readonly (readonly Item[] | undefined)[] {
  return [undefined, ...subsetsOf(items).filter(({ length }) => length > 0 && length <= most)];
}

const everything: readonly Asked[] = subsetsOf([
  'broadcasters',
  'viewers',
  'moderators',
  'strangers',
]).flatMap((groups) =>
  Object.entries(ACTIONS).flatMap(([target, actions]) =>
    choicesOf(actions).flatMap((scope) =>
      choicesOf(['public-a', 'public-b', 'private'], target === 'red5' ? Infinity : 1).flatMap((rooms) =>
        choicesOf(target === 'red5' ? ALL : []).map((over) => ({
          groups,
          target,
          ...(scope && { scope }),
          ...(rooms && { rooms }),
          ...(over && { over }),
        })),
      ),
    ),
  ),
);

test('every combination is decided as one rule after the other says, reason and lifetime included', () => {
  const config = fixtureConfig();
  const rules = indexRules(config.grants, config.targets, config.timing.clockSkew);
  const outcomes = new Map<string, number>();
  const wrong = everything.flatMap((asked) => {
    const { groups, target: name, scope, rooms, over } = asked;
    const target = config.targets[name] as Target;
    const user = { issuer: 'https://id.example', subject: 'u', groups, claims: {}, expiresAt: NOW + 9999 };
    const question = { scope: scope?.join(' '), room: rooms?.join(' '), transport: over?.join(' ') };
    const answer = decideRequest(rules, name, target, user, question, NOW);
    const { actions, transports, ttlSeconds } = answer.granted ? answer.grant : {};
    const ways = transports?.length === 0 ? ['none'] : transports;
    const outcome = answer.granted
      ? `${actions?.join(' ')} over ${ways?.join(' ')} for ${ttlSeconds}`
      : answer.reason;
    outcomes.set(answer.granted ? 'granted' : outcome, 1);
    return outcome === oracle(asked) ? [] : [{ ...asked, outcome, right: oracle(asked) }];
  });
  expect(wrong).toEqual([]);
  expect(everything.length).toBeGreaterThan(5000);
  expect([...outcomes.keys()].sort()).toEqual([
    'action_not_allowed',
    'combination_not_allowed',
    'granted',
    'join_needed',
    'room_not_allowed',
    'scope_needed',
    'target_not_allowed',
    'transport_not_allowed',
  ]);
});
