import { describe, expect, test } from 'vitest';
import { explainPolicy } from '../../../cli/explain/explain-policy.ts';
import { explainSignIn, identityFrom } from '../../../cli/explain/identity-from.ts';
import { entra, hours, jitsi, minutes, oidc, red5 } from '../../../lib/config/index.ts';
import { configOf } from '../../support/config.ts';

const NOW = 1_790_000_000;
const ISSUER = 'https://id.example.com';
const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad';

const config = configOf({
  issuers: [
    oidc({
      issuer: ISSUER,
      audience: 'app',
      groupsClaim: 'teams',
      services: { clientId: 'recorder', audience: 'api' },
    }),
    entra({ tenantId: TENANT, clientId: 'app' }),
  ],
  targets: {
    live: red5({ secret: 'streampass/red5', issuer: 'streampass' }),
    meet: jitsi({ secret: 'streampass/jitsi', appId: 'streampass', domain: 'meet.example.com' }),
  },
  grants: [
    {
      group: 'crew',
      target: 'live',
      actions: ['publish'],
      rooms: ['*'],
      transports: ['WHIP', 'RTMP'],
      ttl: hours(2),
    },
    {
      claims: { email_verified: true },
      target: 'live',
      actions: ['subscribe'],
      rooms: ['${tenant}-*'],
      ttl: minutes(15),
    },
    {
      issuer: ISSUER,
      group: 'crew',
      target: 'meet',
      actions: ['join', 'moderate'],
      rooms: ['*'],
      ttl: 90,
      withinSignIn: true,
    },
    { target: 'meet', actions: ['join'], rooms: ['lobby'], signedInWithin: minutes(5), ttl: hours(1) },
    {
      subject: 'service',
      claims: { client_id: 'recorder' },
      target: 'meet',
      actions: ['join'],
      rooms: ['studio'],
      ttl: 60,
    },
  ],
});

function explain(
  targets: readonly string[],
  description: Partial<Parameters<typeof identityFrom>[1]>,
): string {
  const whole = { given: '', groups: [], claims: [], issuer: undefined, ...description };
  return explainPolicy(config, targets, identityFrom(config, whole, NOW), NOW).join('\n');
}

test('says what a group may do, by which rule, and what is for others', () => {
  expect(explain(['live'], { groups: ['crew'] })).toBe(
    [
      'live:',
      '  publish in any room over WHIP RTMP for at most 59 min',
      '    by grants[0] (group crew)',
      '  for others:',
      '    grants[1] (claim email_verified = true): subscribe in ${tenant}-* for at most 15 min',
    ].join('\n'),
  );
});

test('says that nobody may do what no rule allows', () => {
  expect(explain(['live'], { groups: ['Crew'] })).toContain('live:\n  nothing: no rule matches');
});

describe('fills in what a token says', () => {
  test.each([
    [
      'a claim',
      ['email_verified=true', 'tenant=acme'],
      'subscribe in acme-* over WHIP WHEP RTMP RTSP for at most 15 min',
    ],
    [
      'no such claim',
      ['email_verified=true'],
      'but the claim tenant is missing, so ${tenant}-* matches nothing',
    ],
    [
      'a claim that is not a room',
      ['email_verified=true', 'tenant=a/b'],
      'but the claim tenant is not a legal room name',
    ],
    [
      'a claim of another type',
      ['email_verified=true', 'tenant=7'],
      'but the claim tenant is not a legal room name',
    ],
    [
      'a claim with the separator in it',
      ['email_verified=true', 'tenant=acme-labs'],
      'but the claim tenant contains the text that separates it from what follows, so ${tenant}-* matches nothing',
    ],
    [
      'a string where the rule wants true',
      ['email_verified="true"', 'tenant=acme'],
      'subscribe in acme-* over',
    ],
    ['another string where the rule wants true', ['email_verified="yes"'], 'nothing: no rule matches'],
  ])('%s', (_title, claims, line) => {
    expect(explain(['live'], { claims })).toContain(line);
  });

  test('the issuer’s own claim for groups', () => {
    const given = JSON.stringify({ iss: ISSUER, teams: ['crew'], groups: ['other'] });
    expect(explain(['live'], { given })).toContain('by grants[0] (group crew)');
  });

  test('no group of the same name at another provider', () => {
    const given = JSON.stringify({
      iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      roles: ['crew'],
    });
    expect(explain(['meet'], { given })).toContain('nothing: no rule matches');
    expect(explain(['live'], { given })).toContain('by grants[0] (group crew)');
  });

  test('a sign-in that is recent enough', () => {
    expect(explain(['meet'], { claims: [`auth_time=${NOW - 200}`] })).toContain(
      'join in lobby for at most 1 h',
    );
    expect(explain(['meet'], { claims: [`auth_time=${NOW - 400}`] })).toContain('nothing: no rule matches');
  });

  test('a whole ID token, of which nothing is verified', () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const given = `${part({ alg: 'RS256' })}.${part({ iss: ISSUER, teams: 'crew' })}.AAAA`;
    const lines = explain(['meet'], { given });
    expect(lines).toContain('join moderate in any room for at most 90 s, and no longer than the sign-in');
    expect(lines).toContain(`(group crew, issuer ${ISSUER})`);
  });
});

test.each([
  ['by its token', { given: JSON.stringify({ iss: ISSUER, sub: 'recorder', client_id: 'recorder' }) }],
  ['by an option', { isService: true, claims: ['client_id=recorder'] }],
])('says what a service may do that is described %s', (_how, description) => {
  const lines = explain(['meet'], { ...description, groups: ['crew'] });
  expect(lines).toContain(
    'join in studio for at most 1 min\n    by grants[4] (service, claim client_id = "recorder")\n  for others:',
  );
  expect(explain(['live'], { ...description, groups: ['crew'] })).toContain('nothing: no rule matches');
});

test('says of a token that it is a service’s, and whether the provider names services', () => {
  const first = (iss: string) =>
    explainSignIn(config, JSON.stringify({ iss, sub: 'a', azp: 'a' }), NOW).slice(1, 2);
  expect(first(ISSUER)).toEqual(['subject: a service']);
  expect(first(`https://login.microsoftonline.com/${TENANT}/v2.0`)).toEqual([
    'subject: a service, and the provider’s option services names none',
  ]);
});

test.each([
  ['a text', 'nonsense', /neither a JWT nor a JSON object/],
  ['a list', '[]', /neither a JWT nor a JSON object/],
])('refuses %s for a person', (_title, given, message) => {
  expect(() => explain(['live'], { given })).toThrow(message);
});

test('refuses a claim without a value', () => {
  expect(() => explain(['live'], { claims: ['tenant'] })).toThrow(/NAME=VALUE/);
});
