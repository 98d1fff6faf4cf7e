import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePolicies, hasEffect, toLines, toMarkdown } from '../../../cli/explain/explain-diff.ts';
import { hours, jitsi, minutes, oidc, red5 } from '../../../lib/config/index.ts';
import type { Config } from '../../../lib/config/config.ts';
import { decideGrant } from '../../../lib/policy/decide-grant.ts';
import { indexRules, matchRules } from '../../../lib/policy/match-rules.ts';
import type { Rule } from '../../../lib/policy/rule.ts';
import type { Target } from '../../../lib/media-servers/target.ts';
import { configOf } from '../../support/config.ts';

const live = red5({ secret: 'streampass/red5', issuer: 'streampass' });
const targets = {
  live,
  meet: jitsi({ secret: 'streampass/jitsi', appId: 'streampass', domain: 'meet.example.com' }),
};

function explainDiff(before: Config, after: Config): readonly string[] {
  return toLines(comparePolicies(before, after));
}

function withRules(...grants: readonly Rule[]): Config {
  return configOf({ issuers: [], targets, grants });
}

const watch: Rule = {
  group: 'viewers',
  target: 'live',
  actions: ['subscribe'],
  rooms: ['news-*'],
  transports: ['WHEP'],
  ttl: minutes(15),
};

describe('a change of rules', () => {
  test.each<[string, Rule[], Rule[], string[]]>([
    ['that is none', [watch], [watch], []],
    ['in their order alone', [watch, { ...watch, group: 'crew' }], [{ ...watch, group: 'crew' }, watch], []],
    ['that repeats a rule', [watch], [watch, watch], []],
    [
      'that splits a rule',
      [{ ...watch, rooms: ['a', 'b'] }],
      [
        { ...watch, rooms: ['b'] },
        { ...watch, rooms: ['a'] },
      ],
      [],
    ],
    [
      'that adds a transport',
      [watch],
      [{ ...watch, transports: ['WHEP', 'RTSP'] }],
      ['group viewers:', '  gains    live: subscribe in news-* over RTSP for at most 15 min'],
    ],
    [
      'that lets any transport in',
      [watch],
      [{ target: 'live', group: 'viewers', actions: ['subscribe'], rooms: ['news-*'], ttl: minutes(15) }],
      ['group viewers:', '  gains    live: subscribe in news-* over WHIP RTMP RTSP for at most 15 min'],
    ],
    [
      'that widens a room to a prefix',
      [{ ...watch, rooms: ['news-1'] }],
      [watch],
      ['group viewers:', '  gains    live: subscribe in news-* over WHEP for at most 15 min'],
    ],
    [
      'that narrows a prefix to a room',
      [watch],
      [{ ...watch, rooms: ['news-1'] }],
      ['group viewers:', '  loses    live: subscribe in news-* over WHEP for at most 15 min'],
    ],
    [
      'that lets everybody in, which those who were in do not gain by',
      [watch],
      [{ ...watch, group: undefined as unknown as string }].map(({ group: _group, ...rest }) => rest),
      ['everyone signed in:', '  gains    live: subscribe in news-* over WHEP for at most 15 min'],
    ],
    [
      'that is for services in place of users',
      [watch],
      [{ ...watch, subject: 'service' }],
      [
        'service, group viewers:',
        '  gains    live: subscribe in news-* over WHEP for at most 15 min',
        'group viewers:',
        '  loses    live: subscribe in news-* over WHEP for at most 15 min',
      ],
    ],
    [
      'that asks for one condition more',
      [watch],
      [{ ...watch, claims: { email_verified: true } }],
      ['group viewers:', '  loses    live: subscribe in news-* over WHEP for at most 15 min'],
    ],
    [
      'that gives less time',
      [watch],
      [{ ...watch, ttl: minutes(5) }],
      [
        'group viewers:',
        '  shorter  live: subscribe in news-* over WHEP for at most 5 min instead of 15 min',
      ],
    ],
    [
      'that gives more time',
      [watch],
      [{ ...watch, ttl: hours(1) - 60 }],
      [
        'group viewers:',
        '  longer   live: subscribe in news-* over WHEP for at most 59 min instead of 15 min',
      ],
    ],
    [
      'beyond what the target allows anyway',
      [{ ...watch, ttl: hours(2) }],
      [{ ...watch, ttl: hours(3) }],
      [],
    ],
    [
      'that ends tokens with the sign-in',
      [watch],
      [{ ...watch, withinSignIn: true }],
      ['group viewers:', '  loses    live: subscribe in news-* over WHEP for at most 15 min'],
    ],
    [
      'that moves a right to another group',
      [watch],
      [{ ...watch, group: 'members' }],
      [
        'group members:',
        '  gains    live: subscribe in news-* over WHEP for at most 15 min',
        'group viewers:',
        '  loses    live: subscribe in news-* over WHEP for at most 15 min',
      ],
    ],
    [
      'in the case of a room, where the server folds it',
      [{ target: 'meet', actions: ['join'], rooms: ['Lobby'], ttl: 60 }],
      [{ target: 'meet', actions: ['join'], rooms: ['lobby'], ttl: 60 }],
      [],
    ],
  ])('%s', (_title, before, after, lines) => {
    expect(explainDiff(withRules(...before), withRules(...after))).toEqual(lines);
  });
});

test('names issuers, targets and denied people that come and go', () => {
  const before = configOf({
    issuers: [],
    targets: { live },
    grants: [],
    deny: { subjects: ['mallory'] },
  });
  const after = configOf({
    issuers: [oidc({ issuer: 'https://id.example.com', audience: 'app' })],
    targets,
    grants: [],
    deny: { sessions: ['s-1'] },
  });
  expect(explainDiff(before, after)).toEqual([
    'issuer https://id.example.com is new',
    'target meet is new',
    'denied subject mallory is gone',
    'denied session s-1 is new',
  ]);
});

describe('no difference is a promise', () => {
  const rule = fc.record(
    {
      group: fc.constantFrom('a', 'b'),
      target: fc.constant('live'),
      actions: fc.subarray(['publish', 'subscribe'], { minLength: 1 }),
      rooms: fc.subarray(['*', 'x-*', 'x-1', 'y'], { minLength: 1, maxLength: 2 }),
      transports: fc.subarray([...live.transports], { minLength: 1 }),
      ttl: fc.constantFrom(60, 120),
    },
    { requiredKeys: ['target', 'actions', 'rooms', 'ttl'] },
  ) as fc.Arbitrary<Rule>;
  const rules = fc.array(rule, { maxLength: 4 });

  const lifetime = (
    config: Config,
    groups: readonly string[],
    action: string,
    room: string,
    transport: 'WHIP',
  ): number => {
    const identity = { issuer: '', subject: 's', groups, claims: {}, expiresAt: 1e9 };
    const matching = matchRules(
      indexRules(config.grants, config.targets, config.timing.clockSkew),
      'live',
      identity,
      0,
    );
    const request = { actions: [action], rooms: [room], transports: [transport] };
    const decision = decideGrant(matching, config.targets['live'] as Target, identity, request, 0);
    return decision.granted ? decision.grant.ttlSeconds : 0;
  };

  test('whoever is given more or less than before is named', () => {
    const question = fc.record({
      groups: fc.subarray(['a', 'b']),
      action: fc.constantFrom('publish', 'subscribe'),
      room: fc.constantFrom('x-1', 'x-2', 'y', 'z'),
      transport: fc.constantFrom(...live.transports) as fc.Arbitrary<'WHIP'>,
    });
    fc.assert(
      fc.property(rules, rules, question, (before, after, { groups, action, room, transport }) => {
        const [old, fresh] = [withRules(...before), withRules(...after)];
        const was = lifetime(old, groups, action, room, transport);
        const is = lifetime(fresh, groups, action, room, transport);
        const verbs = explainDiff(old, fresh).map((line) => line.trim().split(' ')[0]);
        if (is > was) expect(verbs.some((verb) => verb === 'gains' || verb === 'longer')).toBe(true);
        if (is < was) expect(verbs.some((verb) => verb === 'loses' || verb === 'shorter')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('a configuration does not differ from itself', () => {
    fc.assert(
      fc.property(rules, (some) => {
        expect(explainDiff(withRules(...some), withRules(...some.toReversed()))).toEqual([]);
      }),
    );
  });
});

describe('a difference', () => {
  const wider = { ...watch, transports: ['WHEP', 'RTSP'] } satisfies Rule;
  test.each<[string, Rule[], Rule[], boolean, boolean]>([
    ['of nothing', [watch], [watch], false, false],
    ['that adds a rule', [], [watch], true, false],
    ['that takes a rule away', [watch], [], false, true],
    ['that adds a transport', [watch], [wider], true, false],
    ['that gives more time', [watch], [{ ...watch, ttl: hours(1) - 60 }], true, false],
    ['that gives less time', [watch], [{ ...watch, ttl: 60 }], false, true],
    ['that moves a right', [watch], [{ ...watch, group: 'crew' }], true, true],
  ])('%s has the effects that a pipeline can fail on', (_title, before, after, gains, losses) => {
    const difference = comparePolicies(withRules(...before), withRules(...after));
    expect([hasEffect(difference, 'gains'), hasEffect(difference, 'losses')]).toEqual([gains, losses]);
  });

  test('lets somebody in by a new issuer or client, or a shorter deny list', () => {
    const issuers = [oidc({ issuer: 'https://id.example.com', audience: 'app' })];
    const more = [oidc({ issuer: 'https://id.example.com', audience: ['app', 'app-2'] })];
    const deny = { subjects: ['mallory'] };
    const gainsOf = (before: Partial<Config>, after: Partial<Config>): boolean => {
      const base = withRules(watch);
      return hasEffect(comparePolicies({ ...base, ...before }, { ...base, ...after }), 'gains');
    };
    expect(gainsOf({}, { issuers })).toBe(true);
    expect(gainsOf({ issuers }, { issuers: more })).toBe(true);
    expect(gainsOf({ issuers: more }, { issuers })).toBe(false);
    expect(gainsOf({ deny }, {})).toBe(true);
    expect(gainsOf({}, { deny })).toBe(false);
  });

  test('is a table in Markdown, with one row for what differs in its transports alone', () => {
    const difference = comparePolicies(withRules(), withRules({ ...wider, claims: { team: 'a|b' } }));
    expect(toMarkdown(difference)).toEqual([
      '| who | change | target | action | room | transports | lifetime |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| group viewers, claim team = "a\\|b" | **gains** | live | subscribe | news-* | WHEP RTSP | for at most 15 min |',
    ]);
    expect(toMarkdown(comparePolicies(withRules(watch), withRules(watch)))).toEqual([]);
  });
});
