import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideGrant } from '../../lib/policy/decide-grant.ts';
import type { Decision, GrantRequest } from '../../lib/policy/decide-grant.ts';
import { indexRules, matchRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { jitsi, red5 } from '../../lib/media-servers/index.ts';
import { TRANSPORTS } from '../../lib/policy/grant.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import type { Transport } from '../../lib/policy/grant.ts';

/**
 * A second, deliberately simple reading of the rules: it enumerates every combination and asks every rule about it. The
 * decision is held against it over random rules, people and requests.
 */

const NOW = 1_900_000_000;
const RUNS = 12_000;

const TARGETS: Record<string, Target> = {
  red5: red5({ secret: 'a', issuer: 'streampass' }),
  jitsi: jitsi({ secret: 'b', appId: 'streampass', domain: 'meet.example.com' }),
};

const ROOMS = ['a', 'b', 'news-1', 'news-2', 'acme-x'];
const PATTERNS = [...ROOMS, '*', 'news-*', 'n*', '${tenant}-*', '${tenant}', '${missing}'];
const GROUPS = ['g1', 'g2', 'g3'];

const rule = (target: 'red5' | 'jitsi'): fc.Arbitrary<Rule> =>
  fc
    .record({
      subject: fc.option(fc.constant('service'), { nil: undefined }),
      group: fc.option(fc.constantFrom(...GROUPS), { nil: undefined }),
      claims: fc.option(fc.constantFrom({ tenant: 'acme' }, { tenant: ['acme', 'other'] }), {
        nil: undefined,
      }),
      issuer: fc.option(fc.constantFrom('https://one.example', 'https://two.example'), { nil: undefined }),
      actions: fc.subarray([...(TARGETS[target]?.actions ?? [])], { minLength: 1 }),
      rooms: fc.subarray(PATTERNS, { minLength: 1, maxLength: 3 }),
      transports:
        target === 'red5'
          ? fc.option(fc.subarray([...TRANSPORTS], { minLength: 1 }), { nil: undefined })
          : fc.constant(undefined),
      ttl: fc.integer({ min: 60, max: 7200 }),
      withinSignIn: fc.boolean(),
    })
    .map(
      (made) =>
        ({ target, ...Object.fromEntries(Object.entries(made).filter(([, v]) => v !== undefined)) }) as Rule,
    );

const person: fc.Arbitrary<Identity> = fc
  .record({
    issuer: fc.constantFrom('https://one.example', 'https://two.example'),
    groups: fc.subarray(GROUPS),
    tenant: fc.constantFrom('acme', 'other', 'acme-x', '*', 'a,b', undefined),
    signInLeft: fc.integer({ min: -50, max: 9000 }),
    isService: fc.boolean(),
  })
  .map(({ issuer, groups, tenant, signInLeft, isService }) => ({
    issuer,
    subject: 'someone',
    groups,
    claims: tenant === undefined ? {} : { tenant },
    expiresAt: NOW + signInLeft,
    isService,
  }));

const request = (target: 'red5' | 'jitsi'): fc.Arbitrary<GrantRequest> =>
  fc
    .record({
      actions: fc.option(fc.subarray([...(TARGETS[target]?.actions ?? [])], { minLength: 1 }), {
        nil: undefined,
      }),
      rooms: fc.option(fc.subarray(ROOMS, { minLength: 1, maxLength: target === 'jitsi' ? 1 : 4 }), {
        nil: undefined,
      }),
      transports:
        target === 'red5'
          ? fc.option(fc.subarray([...TRANSPORTS], { minLength: 1 }), { nil: undefined })
          : fc.constant(undefined),
      expiresIn: fc.option(fc.integer({ min: 60, max: 9000 }), { nil: undefined }),
    })
    .map(
      (made) => Object.fromEntries(Object.entries(made).filter(([, v]) => v !== undefined)) as GrantRequest,
    );

const scenario = fc.constantFrom('red5' as const, 'jitsi' as const).chain((target) =>
  fc.record({
    target: fc.constant(target),
    rules: fc.array(rule(target), { maxLength: 5 }),
    person,
    request: request(target),
  }),
);

type Scenario = { target: 'red5' | 'jitsi'; rules: Rule[]; person: Identity; request: GrantRequest };

function decide({ target, rules, person, request }: Scenario): Decision {
  const kind = TARGETS[target] as Target;
  const matching = matchRules(indexRules(rules, TARGETS, 60), target, person, NOW);
  return decideGrant(matching, kind, person, request, NOW);
}

/** The longest time that some one rule allows a combination for; 0 where none does. */
function oracleTtl(scenario: Scenario, action: string, room: string, way: Transport | undefined): number {
  const { person, rules } = scenario;
  const tenant = person.claims['tenant'];
  const ttls = rules.map((rule) => {
    if ((rule.subject === 'service') !== person.isService) return 0;
    if (rule.group !== undefined && !person.groups.includes(rule.group)) return 0;
    if (rule.issuer !== undefined && rule.issuer !== person.issuer) return 0;
    const wanted = rule.claims?.['tenant'];
    if (wanted !== undefined && (tenant === undefined || ![wanted].flat().includes(tenant as string)))
      return 0;
    if (!rule.actions.includes(action)) return 0;
    if (way !== undefined && rule.transports !== undefined && !rule.transports.includes(way)) return 0;
    const legalTenant = tenant === '*' || tenant === 'a,b' ? undefined : tenant;
    const inRoom = rule.rooms.some((pattern) => {
      if (pattern === '*') return true;
      if (room === '*') return false;
      if (pattern === '${missing}') return false;
      if (pattern === '${tenant}') return room === legalTenant;
      // A tenant whose name holds the separator could meet another one, and so has no room by such a rule.
      if (pattern === '${tenant}-*')
        return (tenant === 'acme' || tenant === 'other') && room.startsWith(`${tenant}-`);
      if (pattern.endsWith('*')) return room.startsWith(pattern.slice(0, -1));
      return pattern === room;
    });
    if (!inRoom) return 0;
    return rule.withinSignIn ? Math.max(0, Math.min(rule.ttl, person.expiresAt - NOW)) : rule.ttl;
  });
  return Math.max(0, ...ttls);
}

/**
 * The reason of a refusal, part by part: whether some rule whose conditions hold names the action, the room or the transport,
 * whatever else it says.
 *
 * @param severalActions whether no action was named and some are allowed, over some transport each
 */
function oracleReason(made: Scenario, severalActions: boolean): string {
  const { request, target } = made;
  const kind = TARGETS[target] as Target;
  const always = { ...made, rules: made.rules.map((rule) => ({ ...rule, withinSignIn: false })) };
  const isNamed = (action?: string, room?: string, way?: Transport): boolean =>
    always.rules.some((rule) => {
      const alone: Rule = {
        ...rule,
        ...(action === undefined && { actions: ['any'] }),
        ...(room === undefined && { rooms: ['*'] }),
      };
      if (way === undefined) delete (alone as { transports?: unknown }).transports;
      return oracleTtl({ ...always, rules: [alone] }, action ?? 'any', room ?? '*', way) > 0;
    });
  if (!isNamed()) return 'target_not_allowed';
  if (request.actions?.some((action) => !isNamed(action))) return 'action_not_allowed';
  if (severalActions && request.transports === undefined && kind.transports.length > 0) return 'scope_needed';
  if ((request.rooms ?? ['*']).some((room) => !isNamed(undefined, room))) return 'room_not_allowed';
  if (request.transports?.some((way) => !isNamed(undefined, undefined, way))) return 'transport_not_allowed';
  return 'combination_not_allowed';
}

function waysOf(scenario: Scenario, named: readonly Transport[] | undefined): (Transport | undefined)[] {
  return scenario.target === 'jitsi' ? [undefined] : [...(named ?? TRANSPORTS)];
}

describe('a decision held against an oracle that asks every rule about every combination', () => {
  test('grants no combination that no rule allows, and none for longer than a rule allows', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const decision = decide(made);
        if (!decision.granted) return;
        const { actions, rooms, transports, ttlSeconds } = decision.grant;
        expect(actions.length).toBeGreaterThan(0);
        expect(transports.length > 0).toBe(made.target === 'red5');
        for (const action of actions) {
          for (const room of rooms === '*' ? ['*'] : rooms) {
            for (const way of waysOf(made, transports)) {
              expect(oracleTtl(made, action, room, way)).toBeGreaterThanOrEqual(ttlSeconds);
            }
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('refuses no request of which every combination is allowed, and grants exactly what was named', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { request } = made;
        const target = TARGETS[made.target] as Target;
        if (request.actions?.includes('moderate') && !request.actions.includes('join')) return;
        const rooms = request.rooms ?? ['*'];
        const everywhere = (action: string, way: Transport | undefined): boolean =>
          rooms.every((room) => oracleTtl(made, action, room, way) >= 1);
        const ways = waysOf(made, request.transports);
        const named = made.target === 'jitsi' || request.transports !== undefined;
        const actions =
          request.actions ??
          target.actions
            .filter((action) => ways[named ? 'every' : 'some']((way) => everywhere(action, way)))
            .filter((action, _, all) => action !== 'moderate' || all.includes('join'));
        const allowed = named
          ? ways.every((way) => actions.every((action) => everywhere(action, way)))
          : ways.some((way) => actions.every((action) => everywhere(action, way)));
        const decision = decide(made);
        expect(decision.granted).toBe(actions.length > 0 && allowed);
        if (!decision.granted) {
          expect(decision.reason).toBe(
            oracleReason(made, actions.length > 0 && request.actions === undefined),
          );
          return;
        }
        expect(decision.grant.actions).toEqual(target.actions.filter((action) => actions.includes(action)));
        expect(decision.grant.rooms).toEqual(request.rooms ?? '*');
        const expected =
          made.target === 'jitsi' ? [] : ways.filter((way) => actions.every((a) => everywhere(a, way)));
        expect(decision.grant.transports).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  test('taking a group away from a person never adds a permission', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom(...GROUPS), (made, group) => {
        const fewer = {
          ...made,
          person: { ...made.person, groups: made.person.groups.filter((name) => name !== group) },
        };
        if (made.request.actions === undefined || (made.target === 'red5' && !made.request.transports))
          return;
        if (decide(fewer).granted) expect(decide(made).granted).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
