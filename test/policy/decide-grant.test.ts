import { describe, expect, test } from 'vitest';
import { decideGrant } from '../../lib/policy/decide-grant.ts';
import type { GrantRequest } from '../../lib/policy/decide-grant.ts';
import { indexRules, matchRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { fixtureConfig } from '../support/config.ts';

const config = fixtureConfig();

const NOW = 1_900_000_000;

function person(groups: readonly string[], claims: Record<string, unknown> = {}): Identity {
  return { issuer: 'https://one.example', subject: 'someone', groups, claims, expiresAt: NOW + 600 };
}

function decide(rules: readonly Rule[], target: string, who: Identity, request: GrantRequest) {
  const matching = matchRules(indexRules(rules, config.targets, config.timing.clockSkew), target, who, NOW);
  return decideGrant(matching, config.targets[target] as Target, who, request, NOW);
}

const viewer = person(['viewers']);
const broadcaster = person(['broadcasters']);
const moderator = person(['moderators']);
const both = person(['broadcasters', 'viewers']);
const nobody = person([]);

describe('the default configuration grants', () => {
  test.each([
    ['a viewer a public room', 'red5', viewer, { rooms: ['public-1'] }, ['subscribe'], ['WHEP'], 900],
    ['a broadcaster any room', 'red5', broadcaster, {}, ['publish'], ['WHIP', 'RTMP'], 3540],
    [
      'a broadcaster one transport',
      'red5',
      broadcaster,
      { transports: ['RTMP'] },
      ['publish'],
      ['RTMP'],
      3540,
    ],
    [
      'a moderator all of red5',
      'red5',
      moderator,
      {},
      ['publish', 'subscribe'],
      ['WHIP', 'WHEP', 'RTMP', 'RTSP'],
      3540,
    ],
    ['everyone a public meeting', 'jitsi', nobody, { rooms: ['public-x'] }, ['join'], [], 3600],
    [
      'a moderator the moderation of a meeting',
      'jitsi',
      moderator,
      { rooms: ['x'] },
      ['join', 'moderate'],
      [],
      3600,
    ],
    ['everyone reports from any room', 'rtcstats', nobody, {}, ['report'], [], 21_600],
    ['the lifetime that was asked for', 'rtcstats', nobody, { expiresIn: 61 }, ['report'], [], 61],
    [
      'no more than the rule, whatever is asked for',
      'rtcstats',
      nobody,
      { expiresIn: 86_400 },
      ['report'],
      [],
      21_600,
    ],
  ] as const)('%s', (_, target, who, request, actions, transports, ttlSeconds) => {
    expect(decide(config.grants, target, who, request)).toMatchObject({
      granted: true,
      grant: { actions, transports, ttlSeconds, rooms: 'rooms' in request ? request.rooms : '*' },
    });
  });
});

describe('the default configuration refuses', () => {
  test.each([
    ['a person without a group on red5', 'red5', nobody, {}, 'target_not_allowed'],
    ['an action of another target', 'red5', viewer, { actions: ['join'] }, 'action_unknown'],
    ['an empty word in scope', 'red5', viewer, { actions: [''] }, 'action_unknown'],
    [
      'an action that its group lacks',
      'red5',
      viewer,
      { actions: ['publish'], rooms: ['public-1'] },
      'action_not_allowed',
    ],
    ['any room to who has only some', 'red5', viewer, { actions: ['subscribe'] }, 'room_not_allowed'],
    [
      'a room beside an allowed one',
      'red5',
      viewer,
      { actions: ['subscribe'], rooms: ['public-1', 'private'] },
      'room_not_allowed',
    ],
    [
      'a transport that its group lacks',
      'red5',
      viewer,
      { actions: ['subscribe'], rooms: ['public-1'], transports: ['WHIP'] },
      'transport_not_allowed',
    ],
    [
      'what two rules allow only apart',
      'red5',
      both,
      { actions: ['publish', 'subscribe'], rooms: ['public-1'] },
      'combination_not_allowed',
    ],
    ['to choose between two rules', 'red5', both, { rooms: ['public-1'] }, 'scope_needed'],
    [
      'moderation without joining',
      'jitsi',
      moderator,
      { actions: ['moderate'], rooms: ['x'] },
      'join_needed',
    ],
    [
      'moderation to everyone',
      'jitsi',
      nobody,
      { actions: ['join', 'moderate'], rooms: ['public-x'] },
      'action_not_allowed',
    ],
    ['a meeting outside the public ones', 'jitsi', nobody, { rooms: ['private'] }, 'room_not_allowed'],
  ] as const)('%s', (_, target, who, request, reason) => {
    expect(decide(config.grants, target, who, request)).toEqual({ granted: false, reason });
  });
});

describe('a rule’s conditions', () => {
  const rule: Rule = { target: 'rtcstats', actions: ['report'], rooms: ['*'], ttl: 3600 };
  test.each([
    ['a claim equal to the wanted value holds', { claims: { tenant: 'acme' } }, { tenant: 'acme' }, true],
    ['a claim of another type does not hold', { claims: { level: 1 } }, { level: '1' }, false],
    ['a list that has the wanted value holds', { claims: { amr: 'mfa' } }, { amr: ['pwd', 'mfa'] }, true],
    ['one of several wanted values holds', { claims: { acr: ['2', '3'] } }, { acr: '3' }, true],
    [
      'true holds for the string, as Apple and Cognito send it',
      { claims: { email_verified: true } },
      { email_verified: 'true' },
      true,
    ],
    [
      'false holds for the string',
      { claims: { is_private_email: false } },
      { is_private_email: 'false' },
      true,
    ],
    [
      'true does not hold for "false"',
      { claims: { email_verified: true } },
      { email_verified: 'false' },
      false,
    ],
    [
      'true does not hold for another string',
      { claims: { email_verified: true } },
      { email_verified: 'True' },
      false,
    ],
    ['true does not hold for 1', { claims: { email_verified: true } }, { email_verified: 1 }, false],
    ['a wanted string does not hold for true', { claims: { flag: 'true' } }, { flag: true }, false],
    ['a missing claim does not hold', { claims: { email_verified: true } }, {}, false],
    ['a claim by an inherited name does not hold', { claims: { constructor: 'x' } }, {}, false],
    ['the issuer must be the same to the letter', { issuer: 'https://one.example/' }, {}, false],
    ['a recent sign-in holds', { signedInWithin: 300 }, { auth_time: NOW - 300 }, true],
    [
      'as old a sign-in as two clocks may differ holds',
      { signedInWithin: 300 },
      { auth_time: NOW - 360 },
      true,
    ],
    ['an older sign-in does not hold', { signedInWithin: 300 }, { auth_time: NOW - 361 }, false],
    [
      'a sign-in as far ahead as two clocks may differ holds',
      { signedInWithin: 300 },
      { auth_time: NOW + 60 },
      true,
    ],
    ['a sign-in further ahead does not hold', { signedInWithin: 300 }, { auth_time: NOW + 61 }, false],
    [
      'a time of sign-in in milliseconds does not hold',
      { signedInWithin: 300 },
      { auth_time: NOW * 1000 },
      false,
    ],
    ['an unknown time of sign-in does not hold', { signedInWithin: 300 }, {}, false],
    [
      'a time of sign-in that is not a number does not hold',
      { signedInWithin: 300 },
      { auth_time: `${NOW}` },
      false,
    ],
    ['a condition of one’s own holds', { when: (who: Identity) => who.subject === 'someone' }, {}, true],
    [
      'a condition that throws does not hold',
      {
        when: () => {
          throw new Error('x');
        },
      },
      {},
      false,
    ],
    [
      'a condition that is merely truthy does not hold',
      { when: (() => 'yes') as unknown as () => boolean },
      {},
      false,
    ],
  ] as const)('%s', (_, who, claims, granted) => {
    expect(decide([{ ...rule, ...who } as Rule], 'rtcstats', person([], claims), {}).granted).toBe(granted);
  });
});

describe('the lifetime of a grant', () => {
  const rules: Rule[] = [
    { target: 'red5', actions: ['publish'], rooms: ['a'], ttl: 300 },
    { target: 'red5', actions: ['publish'], rooms: ['*'], ttl: 120 },
    { target: 'red5', actions: ['subscribe'], rooms: ['*'], ttl: 3000, withinSignIn: true },
  ];
  test.each([
    ['is the longest of the rules that allow one combination', { actions: ['publish'], rooms: ['a'] }, 300],
    ['is the shortest of several combinations', { actions: ['publish'], rooms: ['a', 'b'] }, 120],
    ['ends with the sign-in where the rule says so', { actions: ['subscribe'], rooms: ['a'] }, 600],
  ] as const)('%s', (_, request, ttlSeconds) => {
    expect(decide(rules, 'red5', nobody, request)).toMatchObject({ grant: { ttlSeconds } });
  });

  test('gives nothing by a rule within a sign-in that has ended', () => {
    const late = { ...nobody, expiresAt: NOW };
    expect(decide(rules, 'red5', late, { actions: ['subscribe'], rooms: ['a'] }).granted).toBe(false);
  });
});
