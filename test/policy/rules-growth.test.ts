import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideByRules } from '../../lib/policy/decide-by-rules.ts';
import { decideGrant } from '../../lib/policy/decide-grant.ts';
import type { GrantRequest } from '../../lib/policy/decide-grant.ts';
import { indexRules, matchRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { red5 } from '../../lib/media-servers/index.ts';

const NOW = 1_900_000_000;
const TARGET = red5({ secret: 'a', issuer: 'streampass' });
const TARGETS = { red5: TARGET };

const ANYONE: Rule = { target: 'red5', actions: ['subscribe'], rooms: ['*'], ttl: 600 };
const PERSON: Identity = {
  issuer: 'https://id.example.com',
  subject: 'someone',
  groups: ['crew', 'staff'],
  claims: { tenant: 'tenant-7', teams: ['a', 'b'] },
  expiresAt: NOW + 600,
};

/** So many rules, and how many of them a request of `PERSON` for `studio-7` has to look at. */
function consideredOf(count: number, ruleAt: (index: number) => Rule): number {
  const rules = Array.from({ length: count }, (_, index) => ruleAt(index));
  return matchRules(indexRules(rules, TARGETS, 60), 'red5', PERSON, NOW, ['studio-7']).length;
}

describe('a request looks at the rules that may allow it, however many are configured', () => {
  test.each<readonly [string, (index: number) => Rule]>([
    ['a group of its own', (index) => ({ ...ANYONE, group: index === 7 ? 'crew' : `group-${index}` })],
    ['a room', (index) => ({ ...ANYONE, group: 'crew', rooms: [`studio-${index}`] })],
    ['a prefix', (index) => ({ ...ANYONE, group: 'crew', rooms: [`studio-${index}*`] })],
    ['a claim’s value', (index) => ({ ...ANYONE, group: 'crew', claims: { tenant: `tenant-${index}` } })],
    [
      'one of several values',
      (index) => ({ ...ANYONE, claims: { tenant: [`tenant-${index}`, `other-${index}`] } }),
    ],
    [
      'an issuer',
      (index) => ({ ...ANYONE, issuer: index === 7 ? PERSON.issuer : `https://${index}.example.com` }),
    ],
  ])('where each is for %s', (_, ruleAt) => {
    expect(consideredOf(10_000, ruleAt)).toBe(1);
  });
});

describe('a refusal finds its reason without a look at every rule', () => {
  test.each<readonly [string, GrantRequest]>([
    ['room_not_allowed', { actions: ['subscribe'], rooms: ['elsewhere'] }],
    ['action_not_allowed', { actions: ['publish'], rooms: ['studio-7'] }],
    ['transport_not_allowed', { actions: ['subscribe'], rooms: ['studio-7'], transports: ['RTMP'] }],
    ['combination_not_allowed', { actions: ['subscribe'], rooms: ['studio-7'], transports: ['WHIP'] }],
  ])('%s', (reason, asked) => {
    let looks = 0;
    const when = (): boolean => ++looks > 0;
    const rules = Array.from({ length: 10_000 }, (_, index): Rule => ({
      ...ANYONE,
      group: 'crew',
      rooms: [`studio-${index}`],
      transports: [index === 7 ? 'WHEP' : 'WHIP'],
      when,
    }));
    const decision = decideByRules(indexRules(rules, TARGETS, 60), 'red5', TARGET, PERSON, asked, NOW);
    expect(decision).toEqual({ granted: false, reason });
    expect(looks).toBeLessThan(5);
  });
});

test('a rule that a person meets in two ways counts once', () => {
  const rules: Rule[] = [{ ...ANYONE, claims: { teams: ['a', 'b'] }, rooms: ['studio-7', 'studio-*'] }];
  expect(matchRules(indexRules(rules, TARGETS, 60), 'red5', PERSON, NOW, ['studio-7'])).toHaveLength(1);
});

test('a grant names the rules that it rests on by their place in the configuration', () => {
  const rules: Rule[] = [
    { ...ANYONE, group: 'others' },
    { ...ANYONE, group: 'crew', rooms: ['studio-*'] },
    { ...ANYONE, group: 'crew', actions: ['publish'] },
    { ...ANYONE, group: 'staff', rooms: ['studio-7'] },
  ];
  const asked = { actions: ['subscribe'], rooms: ['studio-7'] };
  const decision = decideByRules(indexRules(rules, TARGETS, 60), 'red5', TARGET, PERSON, asked, NOW);
  expect(decision.granted && decision.rulesOf(decision.grant)).toEqual(['grants[1]', 'grants[3]']);
});

const ROOMS = ['a', 'b', 'news-1', 'tenant-7', 'tenant-7-x'];
const subset = <Value>(values: readonly Value[]): fc.Arbitrary<Value[]> =>
  fc.subarray([...values], { minLength: 1 });

const rule: fc.Arbitrary<Rule> = fc
  .record({
    group: fc.option(fc.constantFrom('crew', 'staff', 'others'), { nil: undefined }),
    issuer: fc.option(fc.constantFrom(PERSON.issuer, 'https://other.example'), { nil: undefined }),
    claims: fc.option(
      fc.constantFrom(
        { tenant: 'tenant-7' },
        { tenant: ['x', 'tenant-7'] },
        { teams: 'b' },
        { teams: ['c'], tenant: 'tenant-7' },
        { tenant: [] },
      ),
      { nil: undefined },
    ),
    actions: subset(TARGET.actions),
    rooms: subset([...ROOMS, '*', 'news-*', 't*', '${tenant}', '${tenant}-*']),
    transports: fc.option(subset(TARGET.transports), { nil: undefined }),
    ttl: fc.integer({ min: 60, max: 7200 }),
  })
  .map((made) => {
    const given = Object.entries(made).filter(([, value]) => value !== undefined);
    return { target: 'red5', ...Object.fromEntries(given) } as Rule;
  });

const request: fc.Arbitrary<GrantRequest> = fc
  .record({
    actions: fc.option(subset(TARGET.actions), { nil: undefined }),
    rooms: fc.option(subset(ROOMS), { nil: undefined }),
    transports: fc.option(subset(TARGET.transports), { nil: undefined }),
  })
  .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)));

test('a decision by the rules of the rooms asked for is the decision by all rules, reason and lifetime included', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), request, (rules, asked) => {
      const index = indexRules(rules, TARGETS, 60);
      const byAll = decideGrant(matchRules(index, 'red5', PERSON, NOW), TARGET, PERSON, asked, NOW);
      const decision = decideByRules(index, 'red5', TARGET, PERSON, asked, NOW);
      expect(decision).toMatchObject({ ...byAll });
    }),
    { numRuns: 2500 },
  );
});
