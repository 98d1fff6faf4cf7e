import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getJson } from '../../lib/node/https-json.ts';
import { newRandomId, systemNow, within } from '../../lib/node/system.ts';
import { jitsi, oidc, red5 } from '../../lib/config/index.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import { createAdmission } from '../../lib/admission/admission.ts';
import type { DenyList } from '../../lib/config/config.ts';
import { exchange } from '../../lib/exchange/exchange.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import { createIssuerKeys } from '../../lib/identity/issuer-keys.ts';
import { identify } from '../../lib/identity/identify.ts';
import { createVerifiedTokens } from '../../lib/identity/verified-tokens.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { request, tokenOf } from './attack.ts';
import type { Parameters } from './attack.ts';
import { AUDIENCE, by, compact, startTokenIssuer } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { configOf } from '../support/config.ts';

/** Two companies sign in here, and each stays in its own part. */

let acme: TokenIssuer;
let umbrella: TokenIssuer;

beforeAll(async () => {
  [acme, umbrella] = await Promise.all([startTokenIssuer(), startTokenIssuer()]);
});

afterAll(() => Promise.all([acme.close(), umbrella.close()]));

const live = red5({ secret: 'streampass/red5', issuer: 'streampass' });
const meet = jitsi({ secret: 'streampass/jitsi', appId: 'streampass', domain: 'meet.example.com' });
const SECRET = 'a-secret-of-forty-characters-for-a-test-';

/** `ACTIONS in ROOMS`, or the reason of the refusal. */
async function outcome(
  rules: readonly Rule[],
  issuer: TokenIssuer,
  {
    claims = {},
    deny = {},
    ...parameters
  }: { claims?: object; deny?: DenyList } & Readonly<Record<string, unknown>>,
): Promise<string> {
  const config = configOf({
    issuers: [acme, umbrella].map((each) => oidc({ issuer: each.issuer, audience: AUDIENCE })),
    targets: { red5: live, jitsi: meet },
    grants: rules,
  });
  const issuers = new Map(
    config.issuers.map((each) => [
      each.issuer,
      {
        issuer: each,
        keys: createIssuerKeys({ issuer: each, getJson, now: systemNow, within, onProblem: () => undefined }),
      },
    ]),
  );
  const identifyDeps = { issuers, verified: createVerifiedTokens(100_000), now: systemNow, clockSkew: 60 };
  const ring = { current: { alg: 'HS256', kid: '1', key: hmacKey(SECRET) } as const, readAt: systemNow() };
  const subjectToken = tokenOf(issuer, claims as Readonly<Record<string, unknown>>);
  const event = request(issuer, { subject_token: subjectToken, ...(parameters as Parameters) });
  const result = await exchange(event, {
    config,
    rules: indexRules(config.grants, config.targets, config.timing.clockSkew),
    identify: (token, type) => identify(token, type, identifyDeps),
    admit: createAdmission({ deny, now: systemNow, within }).admit,
    ringOf: () => ({ get: () => Promise.resolve(ring) }),
    now: systemNow,
    newId: newRandomId,
  });
  if (!result.issued) return result.error.reason;
  const [header, payload, signature] = result.response.access_token.split('.');
  expect(signature).toBe(createHmac('sha256', SECRET).update(`${header}.${payload}`).digest('base64url'));
  return `${result.response.scope} in ${String(result.facts.grant?.rooms)}`;
}

const publishing: Omit<Rule, 'group'> = { target: 'red5', actions: ['publish'], rooms: ['*'], ttl: 3600 };

describe('a group of one company', () => {
  test('is nothing at another', async () => {
    const rules = [{ ...publishing, issuer: acme.issuer, group: 'broadcasters' }];
    const claims = { groups: ['broadcasters'] };
    expect(await outcome(rules, acme, { claims })).toBe('publish in public-a');
    expect(await outcome(rules, umbrella, { claims })).toBe('target_not_allowed');
  });

  test('is one in each where a rule names no issuer', async () => {
    const rules = [{ ...publishing, group: 'broadcasters' }];
    const claims = { groups: ['broadcasters'] };
    expect(await outcome(rules, acme, { claims })).toBe('publish in public-a');
    expect(await outcome(rules, umbrella, { claims })).toBe('publish in public-a');
  });

  test('does not lend its issuer’s rule to a claim that names the issuer', async () => {
    const rules = [{ ...publishing, issuer: acme.issuer }];
    const claims = { groups: [`issuer ${acme.issuer}`], issuer: acme.issuer };
    expect(await outcome(rules, umbrella, { claims })).toBe('target_not_allowed');
  });
});

describe('a token of one company under another’s name', () => {
  const rules = [publishing];

  test.each([
    [
      'signed by its own key under the other’s key id',
      () => compact({ alg: 'RS256', kid: 'rsa' }, claimsOf(acme), by(umbrella.keys.rsa)),
    ],
    [
      'signed by its own elliptic key',
      () => compact({ alg: 'EdDSA', kid: 'ed25519' }, claimsOf(acme), by(umbrella.keys.ed25519, null)),
    ],
    [
      'signed by its own key, naming none',
      () => compact({ alg: 'RS256' }, claimsOf(acme), by(umbrella.keys.rsa)),
    ],
  ])('%s is not signed', async (_title, token) => {
    expect(await outcome(rules, umbrella, { subject_token: token() })).toBe('subject_token_signature');
  });

  function claimsOf(issuer: TokenIssuer): Readonly<Record<string, unknown>> {
    const now = Math.floor(systemNow());
    return { iss: issuer.issuer, sub: 'anna', aud: AUDIENCE, iat: now, exp: now + 600, groups: [] };
  }
});

describe('a room named after a claim', () => {
  const rules: readonly Rule[] = [{ ...publishing, rooms: ['${tenant}-*'] }];

  test.each([
    ['is open to the tenant', 'acme', 'acme-standup', 'publish in acme-standup'],
    ['is closed to another tenant', 'umbrella', 'acme-standup', 'room_not_allowed'],
    ['is not the tenant’s name alone', 'acme', 'acme', 'room_not_allowed'],
    ['is nothing where the claim is missing', undefined, 'undefined-standup', 'room_not_allowed'],
    ['is nothing for an empty claim', '', '-standup', 'room_malformed'],
    ['is nothing for a wildcard', '*', 'acme-standup', 'room_not_allowed'],
    ['is nothing for a prefix', 'a*', 'acme-standup', 'room_not_allowed'],
    ['is nothing for a list by comma', 'x,acme', 'acme-standup', 'room_not_allowed'],
    ['is nothing for a path', '../acme', 'acme-standup', 'room_not_allowed'],
    ['is nothing for a template', '${tenant}', 'acme-standup', 'room_not_allowed'],
    ['is nothing for a list of names', ['acme'], 'acme-standup', 'room_not_allowed'],
    ['is nothing for a number', 7, '7-standup', 'room_not_allowed'],
    ['is nothing for an object', { toString: 'acme' }, 'acme-standup', 'room_not_allowed'],
    ['is nothing for 129 characters', 'a'.repeat(129), 'a-standup', 'room_not_allowed'],
    ['is nothing for letters beyond ASCII', 'аcme', 'acme-standup', 'room_not_allowed'],
    ['is compared in its case on Red5', 'ACME', 'acme-standup', 'room_not_allowed'],
  ])('%s', async (_title, tenant, room, expected) => {
    expect(await outcome(rules, acme, { claims: { tenant }, room, scope: 'publish' })).toBe(expected);
  });

  test('is compared without its case on Jitsi, which folds it', async () => {
    const folded: readonly Rule[] = [
      { target: 'jitsi', actions: ['join'], rooms: ['${tenant}-*'], ttl: 3600 },
    ];
    const wish = { claims: { tenant: 'ACME' }, audience: 'jitsi', room: 'Acme-Standup' };
    expect(await outcome(folded, acme, wish)).toBe('join in acme-standup');
  });

  test('takes a claim of any name, but none that every object has', async () => {
    const odd: readonly Rule[] = [
      { ...publishing, rooms: ['${https://example.com/tenant}-*', '${constructor}-*'] },
    ];
    const claims = { 'https://example.com/tenant': 'acme' };
    expect(await outcome(odd, acme, { claims, room: 'acme-1' })).toBe('publish in acme-1');
    expect(await outcome(odd, acme, { claims, room: 'Object-1', scope: 'publish' })).toBe('room_not_allowed');
  });
});

describe('a condition of a rule', () => {
  const now = (): number => Math.floor(systemNow());
  const DENIED = 'target_not_allowed';
  const GRANTED = 'publish in public-a';

  test.each<[string, Partial<Rule>, () => object, string]>([
    ['email_verified holds', { claims: { email_verified: true } }, () => ({ email_verified: true }), GRANTED],
    ['email_verified fails', { claims: { email_verified: true } }, () => ({ email_verified: false }), DENIED],
    [
      'email_verified is the string of Apple and Cognito',
      { claims: { email_verified: true } },
      () => ({ email_verified: 'true' }),
      GRANTED,
    ],
    [
      'email_verified is another string',
      { claims: { email_verified: true } },
      () => ({ email_verified: 'yes' }),
      DENIED,
    ],
    ['email_verified is missing', { claims: { email_verified: true } }, () => ({}), DENIED],
    ['acr is one of two', { claims: { acr: ['2', '3'] } }, () => ({ acr: '3' }), GRANTED],
    ['acr is neither', { claims: { acr: ['2', '3'] } }, () => ({ acr: '1' }), DENIED],
    ['acr is a number', { claims: { acr: ['2', '3'] } }, () => ({ acr: 3 }), DENIED],
    ['amr holds it', { claims: { amr: 'mfa' } }, () => ({ amr: ['pwd', 'mfa'] }), GRANTED],
    ['amr lacks it', { claims: { amr: 'mfa' } }, () => ({ amr: ['pwd'] }), DENIED],
    ['amr is an object', { claims: { amr: 'mfa' } }, () => ({ amr: { mfa: true } }), DENIED],
    [
      'one of two claims fails',
      { claims: { amr: 'mfa', acr: '2' } },
      () => ({ amr: ['mfa'], acr: '1' }),
      DENIED,
    ],
    ['the claim is one that every object has', { claims: { constructor: 'x' } }, () => ({}), DENIED],
    ['the sign-in is recent', { signedInWithin: 300 }, () => ({ auth_time: now() - 200 }), GRANTED],
    ['the sign-in is old', { signedInWithin: 300 }, () => ({ auth_time: now() - 362 }), DENIED],
    ['the sign-in is ahead', { signedInWithin: 300 }, () => ({ auth_time: now() + 3600 }), DENIED],
    ['the sign-in’s time is missing', { signedInWithin: 300 }, () => ({}), DENIED],
    ['the sign-in’s time is a text', { signedInWithin: 300 }, () => ({ auth_time: String(now()) }), DENIED],
    ['the sign-in’s time is null', { signedInWithin: 300 }, () => ({ auth_time: null }), DENIED],
    ['a function says yes', { when: ({ subject }) => subject === 'anna' }, () => ({}), GRANTED],
    ['a function says no', { when: ({ subject }) => subject === 'berta' }, () => ({}), DENIED],
    [
      'a function says something like yes',
      { when: (() => 'yes') as unknown as () => boolean },
      () => ({}),
      DENIED,
    ],
    [
      'a function throws',
      {
        when: () => {
          throw new Error('no');
        },
      },
      () => ({}),
      DENIED,
    ],
    [
      'a group fails beside a claim that holds',
      { group: 'crew', claims: { amr: 'mfa' } },
      () => ({ amr: 'mfa' }),
      DENIED,
    ],
    [
      'a claim fails beside a group that holds',
      { group: 'viewers', claims: { amr: 'mfa' } },
      () => ({}),
      DENIED,
    ],
  ])('decides where %s', async (_title, conditions, claims, expected) => {
    expect(await outcome([{ ...publishing, ...conditions }], acme, { claims: claims() })).toBe(expected);
  });
});

describe('a denied person', () => {
  test.each<[string, DenyList, object, string]>([
    ['by subject, whatever the rules say', { subjects: ['anna'] }, {}, 'subject_token_denied'],
    ['by session', { sessions: ['s-1'] }, { sid: 's-1' }, 'subject_token_denied'],
    ['and nobody else', { subjects: ['berta'], sessions: ['s-2'] }, { sid: 's-1' }, 'publish in public-a'],
  ])('is refused %s', async (_title, deny, claims, expected) => {
    expect(await outcome([publishing], acme, { deny, claims })).toBe(expected);
  });

  test('learns nothing of targets', async () => {
    expect(await outcome([publishing], acme, { deny: { subjects: ['anna'] }, audience: 'nothing' })).toBe(
      'subject_token_denied',
    );
  });

  test('is denied only once the token is good', async () => {
    const token = `${tokenOf(acme).slice(0, -8)}AAAAAAAA`;
    expect(await outcome([publishing], acme, { deny: { subjects: ['anna'] }, subject_token: token })).toMatch(
      /malformed|signature/,
    );
  });
});
