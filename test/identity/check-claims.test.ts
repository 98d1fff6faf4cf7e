import { describe, expect, test } from 'vitest';
import { auth0, cognito, entra, oidc, okta } from '../../lib/config/index.ts';
import { checkClaims } from '../../lib/identity/check-claims.ts';
import type { Issuer } from '../../lib/identity/issuer.ts';
import { compileRooms, matchRooms } from '../../lib/policy/room.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { personalData } from '../../lib/media-servers/personal-data.ts';

const NOW = 1_790_000_000;
const SKEW = 60;
const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad';
const provider = oidc({ issuer: 'https://id.example.com', audience: ['app', 'app-2'] });

/** `good`, or the reason of the refusal. */
function outcome(issuer: Issuer, claims: object, header: object = {}): string {
  const base = { iss: issuer.issuer, sub: 'anna', aud: 'app', iat: NOW, exp: NOW + 600, tid: TENANT };
  try {
    checkClaims(issuer, { alg: 'RS256', ...header }, { ...base, ...claims }, 'jwt', NOW, SKEW);
    return 'good';
  } catch (error) {
    if (error instanceof OAuthError) return error.reason;
    throw error;
  }
}

describe('times, at their limits', () => {
  test.each([
    ['ended a second longer ago than two clocks differ', { exp: NOW - 61 }, 'subject_token_expired'],
    ['ended as long ago as two clocks differ', { exp: NOW - 60 }, 'subject_token_expired'],
    ['ended a second less ago', { exp: NOW - 59 }, 'good'],
    [
      'issued a second further ahead than two clocks differ',
      { iat: NOW + 61 },
      'subject_token_not_yet_valid',
    ],
    ['issued as far ahead as two clocks differ', { iat: NOW + 60 }, 'good'],
    ['good from a second further ahead on', { nbf: NOW + 61 }, 'subject_token_not_yet_valid'],
    ['good from as far ahead on', { nbf: NOW + 60 }, 'good'],
    ['issued ahead and good before', { iat: NOW + 61, nbf: NOW }, 'subject_token_not_yet_valid'],
    ['issued long ago', { iat: 0 }, 'good'],
    ['no end', { exp: undefined }, 'subject_token_claims'],
    ['an end without end', { exp: Infinity }, 'subject_token_claims'],
    ['an end in milliseconds', { exp: (NOW + 600) * 1000 }, 'subject_token_claims'],
    ['an end in the year 2286', { exp: 9_999_999_999 }, 'good'],
    ['an end that is not a number', { exp: NaN }, 'subject_token_claims'],
    ['a text for an end', { exp: `${NOW + 600}` }, 'subject_token_claims'],
    ['no beginning', { iat: undefined }, 'subject_token_claims'],
    ['a text for a beginning', { nbf: '0' }, 'subject_token_claims'],
  ])('%s', (_title, claims, expected) => {
    expect(outcome(provider, claims)).toBe(expected);
  });
});

describe('subjects, at their limits', () => {
  test.each([
    ['no characters', '', 'subject_token_claims'],
    ['255 characters', 'a'.repeat(255), 'good'],
    ['255 characters beyond the first plane', '😀'.repeat(255), 'good'],
    ['256 characters', 'a'.repeat(256), 'subject_token_claims'],
    ['a control character at the beginning', '\u0000anna', 'subject_token_claims'],
    ['a control character at the end', 'anna\n', 'subject_token_claims'],
    ['a list', ['anna'], 'subject_token_claims'],
  ])('%s', (_title, sub, expected) => {
    expect(outcome(provider, { sub })).toBe(expected);
  });
});

describe('a client id is compared whole', () => {
  const issuers: readonly (readonly [string, (clientId: string | readonly string[]) => Issuer, object])[] = [
    ['oidc', (audience) => oidc({ issuer: 'https://id.example.com', audience }), {}],
    ['cognito', (clientId) => cognito({ userPoolId: 'eu-west-1_AbCdEfGhI', clientId }), { token_use: 'id' }],
    ['auth0', (clientId) => auth0({ domain: 'example.auth0.com', clientId }), {}],
    ['okta', (clientId) => okta({ domain: 'example.okta.com', clientId }), {}],
    ['entra', (clientId) => entra({ tenantId: TENANT, clientId }), {}],
  ];

  test.each(issuers)('%s', (_preset, make, claims) => {
    const one = make('app');
    const two = make(['other', 'app']);
    expect([one, two].map((issuer) => outcome(issuer, claims))).toEqual(['good', 'good']);
    for (const aud of ['a', 'ap', 'app-', 'App', 'otherapp', '']) {
      expect([one, two].map((issuer) => outcome(issuer, { ...claims, aud }))).toEqual([
        'subject_token_audience',
        'subject_token_audience',
      ]);
    }
  });

  test.each([
    ['both of two are ours, azp is one', { aud: ['app', 'app-2'], azp: 'app-2' }, 'good'],
    ['one of two is ours, so is azp', { aud: ['x', 'app'], azp: 'app' }, 'good'],
    ['both are ours, azp is not', { aud: ['app', 'app-2'], azp: 'x' }, 'subject_token_audience'],
    ['both are ours, azp is missing', { aud: ['app', 'app-2'] }, 'subject_token_audience'],
    ['none is ours, azp is', { aud: ['x', 'y'], azp: 'app' }, 'subject_token_audience'],
    ['one is not a string', { aud: ['app', 1], azp: 'app' }, 'subject_token_claims'],
    ['there is none', { aud: [] }, 'subject_token_claims'],
  ])('of several: %s', (_title, claims, expected) => {
    expect(outcome(provider, claims)).toBe(expected);
  });
});

describe('a token’s kind', () => {
  const pool = cognito({ userPoolId: 'eu-west-1_AbCdEfGhI', clientId: 'app' });
  const organization = okta({ domain: 'example.okta.com', clientId: 'app' });
  type Row = readonly [title: string, issuer: Issuer, claims: object, header: object, outcome: string];
  const mismatch = (title: string, issuer: Issuer, claims: object, header: object): Row => [
    title,
    issuer,
    claims,
    header,
    'subject_token_type_mismatch',
  ];
  const types = [
    'logout+jwt',
    'secevent+jwt',
    'dpop+jwt',
    'entity-statement+jwt',
    '',
    'JOSE',
    1,
    null,
    ['JWT'],
  ];
  const claimTypes = ['Bearer', 'Refresh', 'Offline', 'Logout', 'id', '', 1, null, ['ID']];
  const events = [{ 'http://schemas.openid.net/event/backchannel-logout': {} }, {}, null];
  test.each<Row>([
    ['no type', provider, {}, {}, 'good'],
    ['JWT', provider, {}, { typ: 'JWT' }, 'good'],
    ['jwt', provider, {}, { typ: 'jwt' }, 'good'],
    ['application/jwt', provider, {}, { typ: 'application/jwt' }, 'good'],
    ['id_token+jwt', provider, {}, { typ: 'id_token+jwt' }, 'good'],
    ['claim typ ID, as Keycloak sends it', provider, { typ: 'ID' }, {}, 'good'],
    ['okta: JWT', organization, {}, { typ: 'JWT' }, 'good'],
    mismatch('at+jwt', provider, {}, { typ: 'at+jwt' }),
    mismatch('application/at+jwt', provider, {}, { typ: 'application/AT+JWT' }),
    ...types.map((typ) => mismatch(`type ${JSON.stringify(typ)}`, provider, {}, { typ })),
    ...claimTypes.map((typ) => mismatch(`claim typ ${JSON.stringify(typ)}`, provider, { typ }, {})),
    ...events.map((event) => mismatch(`events ${JSON.stringify(event)}`, provider, { events: event }, {})),
    mismatch('okta: cid alone', organization, { cid: 'app' }, {}),
    mismatch('okta: scp alone', organization, { scp: ['openid'] }, {}),
    mismatch('cognito: token_use in a token of another type', pool, { token_use: 'id' }, { typ: 'at+jwt' }),
    mismatch('cognito: no token_use', pool, {}, {}),
  ])('%s', (_title, issuer, claims, header, expected) => {
    expect(outcome(issuer, claims, header)).toBe(expected);
  });
});

test('an Auth0 organization is one of those that are configured, compared whole', () => {
  const organization = ['org_one', 'org_two'];
  const issuer = auth0({ domain: 'example.auth0.com', clientId: 'app', organization });
  expect(issuer.problems).toEqual([]);
  expect(['org_one', 'org_two', 'org_o', 'org_onetwo'].map((org_id) => outcome(issuer, { org_id }))).toEqual([
    'good',
    'good',
    'subject_token_wrong_tenant',
    'subject_token_wrong_tenant',
  ]);
});

describe('an issuer’s address', () => {
  test.each([
    ['https://id.example.com', true],
    ['http://localhost:3001', true],
    ['http://127.0.0.1:3001', true],
    ['http://127.12.34.56', true],
    ['http://[::1]:3001', true],
    ['http://id.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['http://x127.0.0.1', false],
    ['ftp://localhost', false],
    ['https://user@id.example.com', false],
    ['https://:secret@id.example.com', false],
    ['https://id.example.com?a=b', false],
    ['https://id.example.com#a', false],
    ['id.example.com', false],
    ['', false],
  ])('%s', (issuer, isSound) => {
    expect(oidc({ issuer, audience: 'app' }).problems.length === 0).toBe(isSound);
  });
});

test('a room pattern that is not sound matches nothing', () => {
  const patterns = compileRooms(['a,b', 'a*b', '../x', '', '*x', '**'], { foldsRoomCase: false });
  const { any, matches } = matchRooms(patterns, {});
  expect(any).toBe(false);
  expect(['a,b', 'a', 'ab', 'a*b', 'aXb', 'x', '../x'].filter((room) => matches(room))).toEqual([]);
});

test('personal data that a provider did not send as text is left out', () => {
  const claims = { name: '', email: { address: 'a@example.com' }, picture: 'https://example.com/a.png' };
  expect(personalData(claims, ['name', 'email', 'avatar'])).toEqual({ avatar: 'https://example.com/a.png' });
  expect(personalData({ ...claims, name: 'Anna' }, ['name'])).toEqual({ name: 'Anna' });
  expect(personalData({ name: 'Anna', email: 'a@example.com' }, [])).toEqual({});
  const parts = { given_name: 'Anna', family_name: 'Beck' };
  expect(personalData({ preferred_username: 'anna', ...parts }, ['name'])).toEqual({ name: 'anna' });
  expect(personalData({ ...parts, name: 7, preferred_username: '' }, ['name'])).toEqual({
    name: 'Anna Beck',
  });
  expect(personalData({ family_name: 'Beck' }, ['name'])).toEqual({ name: 'Beck' });
});
