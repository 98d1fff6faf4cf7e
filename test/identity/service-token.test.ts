import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auth0, authentik, cognito, entra, google, keycloak, oidc, okta } from '../../lib/config/index.ts';
import { checkClaims } from '../../lib/identity/check-claims.ts';
import type { Issuer } from '../../lib/identity/issuer.ts';
import type { JsonObject } from '../../lib/jws/compact.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import type { SubjectTokenType } from '../../lib/oauth/token-exchange.ts';
import { indexRules, matchRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import { fixtureConfig } from '../support/config.ts';
import * as shapes from './presets/token-shapes.ts';
import {
  CLIENT_ID,
  ENTRA_CLIENT_ID,
  NOW,
  TENANT_ID,
  auth0Tokens,
  entraTokens,
} from './presets/token-shapes.ts';

/** The claims of client-credentials tokens as the providers' documentation shows them, and how each is configured. */

const SERVICE = '0oaservice0000000001';
const API = 'api://streaming';
const times = { iat: NOW - 10, exp: NOW + 3590 };
const named = { clientId: SERVICE, audience: API };
const JWT = { alg: 'RS256', typ: 'JWT', kid: 'k1' };
const AT_JWT = { ...JWT, typ: 'at+jwt' };

type Services = typeof named | undefined;

interface Row {
  readonly provider: string;
  readonly issuer: (services: Services) => Issuer;
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

const withServices = (services: Services) => services && { services };
const oidcProvider = (services: Services): Issuer =>
  oidc({ issuer: 'https://id.example.com', audience: CLIENT_ID, ...withServices(services) });
const rfc9068 = {
  iss: 'https://id.example.com',
  sub: SERVICE,
  client_id: SERVICE,
  aud: API,
  jti: 'CwQtn1QmuI',
  ...times,
};

const ROWS: readonly Row[] = [
  {
    provider: 'Cognito',
    issuer: (services) =>
      cognito({
        userPoolId: 'eu-west-1_AbCdEfGhI',
        clientId: CLIENT_ID,
        ...(services && { services: { clientId: services.clientId } }),
      }),
    header: { alg: 'RS256', kid: 'k1' },
    claims: {
      sub: SERVICE,
      token_use: 'access',
      scope: 'streaming/publish',
      auth_time: NOW - 10,
      iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI',
      version: 2,
      jti: 'd3d3d3d3-0000-1111-2222-333333333333',
      client_id: SERVICE,
      ...times,
    },
  },
  {
    provider: 'Auth0',
    issuer: (services) =>
      auth0({ domain: 'example.eu.auth0.com', clientId: CLIENT_ID, ...withServices(services) }),
    header: JWT,
    claims: { ...auth0Tokens.machine, sub: `${SERVICE}@clients`, azp: SERVICE, aud: API, scope: 'publish' },
  },
  {
    provider: 'Auth0, profile of RFC 9068',
    issuer: (services) =>
      auth0({ domain: 'example.eu.auth0.com', clientId: CLIENT_ID, ...withServices(services) }),
    header: AT_JWT,
    claims: { ...auth0Tokens.rfc9068, sub: `${SERVICE}@clients`, client_id: SERVICE, aud: API },
  },
  {
    provider: 'Okta',
    issuer: (services) =>
      okta({
        domain: 'example.okta.com',
        authorizationServer: 'default',
        clientId: CLIENT_ID,
        ...withServices(services),
      }),
    header: { alg: 'RS256', kid: 'k1' },
    claims: {
      ver: 1,
      jti: 'AT.u_OOxGzWwTcDYlxf',
      iss: 'https://example.okta.com/oauth2/default',
      aud: API,
      cid: SERVICE,
      scp: ['publish'],
      sub: SERVICE,
      ...times,
    },
  },
  {
    provider: 'Entra ID without idtyp',
    issuer: (services) =>
      entra({ tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID, ...withServices(services) }),
    header: JWT,
    claims: {
      ...entraTokens.appOnly,
      aud: API,
      azp: SERVICE,
      oid: entraTokens.appOnly.sub,
    },
  },
  {
    provider: 'Entra ID v1.0 with idtyp',
    issuer: (services) =>
      entra({ tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID, version: 1, ...withServices(services) }),
    header: JWT,
    claims: { ...entraTokens.accessVersion1, aud: API, appid: SERVICE, appidacr: '1', idtyp: 'app' },
  },
  {
    provider: 'Keycloak',
    issuer: (services) =>
      keycloak({
        url: 'https://id.example.com',
        realm: 'acme',
        clientId: CLIENT_ID,
        ...withServices(services),
      }),
    header: JWT,
    claims: {
      iss: 'https://id.example.com/realms/acme',
      sub: 'b4768e19-2d00-43ac-b675-647e370c6f7c',
      typ: 'Bearer',
      azp: SERVICE,
      client_id: SERVICE,
      aud: ['account', API],
      preferred_username: `service-account-${SERVICE.toLowerCase()}`,
      realm_access: { roles: ['offline_access'] },
      scope: 'email profile',
      clientHost: '172.18.0.1',
      ...times,
    },
  },
  {
    provider: 'authentik',
    issuer: (services) =>
      authentik({
        url: 'https://id.example.com',
        application: 'streaming',
        clientId: CLIENT_ID,
        ...withServices(services),
      }),
    header: JWT,
    claims: {
      ...shapes.authentikTokens.id,
      aud: API,
      azp: SERVICE,
      preferred_username: 'ak-streaming-client_credentials',
    },
  },
  {
    provider: 'Google, a service account',
    issuer: (services) => google({ clientId: CLIENT_ID, ...withServices(services) }),
    header: JWT,
    claims: {
      iss: 'https://accounts.google.com',
      aud: API,
      azp: SERVICE,
      sub: SERVICE,
      email: 'recorder@example.iam.gserviceaccount.com',
      email_verified: true,
      ...times,
    },
  },
  { provider: 'RFC 9068', issuer: oidcProvider, header: AT_JWT, claims: rfc9068 },
  {
    provider: 'a provider that types access tokens JWT',
    issuer: oidcProvider,
    header: JWT,
    claims: { ...rfc9068, client_id: undefined, azp: SERVICE },
  },
];

/** `service`, `user`, or the reason of a refusal. */
function judge(issuer: Issuer, header: JsonObject, claims: JsonObject, declared: SubjectTokenType = 'jwt') {
  // As in a token: a claim without a value is not there.
  const sent = JSON.parse(JSON.stringify(claims)) as JsonObject;
  try {
    return checkClaims(issuer, header, sent, declared, NOW, 60).isService === true ? 'service' : 'user';
  } catch (error) {
    if (error instanceof OAuthError) return error.reason;
    throw error;
  }
}

describe.each(ROWS)('a client-credentials token of $provider', ({ issuer, header, claims }) => {
  test('stands for a service that is named', () => {
    expect(judge(issuer(named), header, claims)).toBe('service');
    expect(judge(issuer(named), header, claims, 'access_token')).toBe('service');
  });

  test('is not an ID token', () => {
    expect(judge(issuer(named), header, claims, 'id_token')).toBe('subject_token_type_mismatch');
  });

  test('is refused if no service is named, even if its audience is the application', () => {
    const forUs = { ...claims, aud: CLIENT_ID };
    for (const sent of [claims, forUs])
      expect(judge(issuer(undefined), header, sent)).toBe('subject_token_type_mismatch');
  });

  test('is refused if another service is named', () => {
    const other = { ...named, clientId: [`${SERVICE}2`, SERVICE.slice(1), ''.padEnd(1, '*')] };
    expect(judge(issuer(other as unknown as typeof named), header, claims)).toBe('subject_token_audience');
  });

  test('is refused if it is for another audience', () => {
    // Cognito's have none.
    if (claims['aud'] === undefined) return;
    for (const aud of ['api://other', [], ['api://other'], 7, undefined])
      expect(judge(issuer(named), header, { ...claims, aud })).toBe('subject_token_audience');
  });

  test.each([
    ['a logout token', { typ: 'logout+jwt' }, {}],
    ['a DPoP proof', { typ: 'dpop+jwt' }, {}],
    ['a security event', {}, { events: {} }],
    ['a refresh token', {}, { typ: 'Refresh' }],
  ])('is not %s', (_what, otherHeader, otherClaims) => {
    expect(judge(issuer(named), { ...header, ...otherHeader }, { ...claims, ...otherClaims })).toBe(
      'subject_token_type_mismatch',
    );
  });

  test('ends when it says', () => {
    expect(judge(issuer(named), header, { ...claims, exp: NOW - 61 })).toBe('subject_token_expired');
  });
});

test.each([
  ['two clients, one of which is named', { client_id: SERVICE, azp: 'another' }, 'subject_token_audience'],
  ['a client that is a list', { client_id: [SERVICE], sub: 'x@clients' }, 'subject_token_audience'],
  ['no client', { client_id: undefined, sub: 'x@clients' }, 'subject_token_audience'],
  ['no subject', { sub: undefined, idtyp: 'app' }, 'subject_token_claims'],
])('a token of %s stands for no service', (_what, changes, reason) => {
  expect(judge(oidcProvider(named), AT_JWT, { ...rfc9068, ...changes })).toBe(reason);
});

describe('a token of a user', () => {
  const kept = [
    shapes.cognitoTokens,
    shapes.auth0Tokens,
    shapes.oktaTokens,
    shapes.entraTokens,
    shapes.externalIdTokens,
    shapes.keycloakTokens,
    shapes.googleTokens,
    shapes.appleTokens,
    shapes.gitlabTokens,
    shapes.zitadelTokens,
    shapes.authentikTokens,
    shapes.b2cTokens,
  ];
  const users = kept.flatMap((tokens) =>
    Object.entries(tokens).flatMap(([kind, claims]) =>
      ['machine', 'appOnly'].includes(kind) ? [] : [claims as JsonObject],
    ),
  );

  test.each(users.map((claims) => [claims['iss'], claims]))(
    'of %s never stands for a service',
    (_iss, claims) => {
      for (const { issuer } of ROWS) {
        const ofOurs = { ...claims, iss: issuer(named).issuer };
        for (const header of [JWT, AT_JWT]) expect(judge(issuer(named), header, ofOurs)).not.toBe('service');
      }
    },
  );

  test('who is called like another client’s service account stays a user', () => {
    const { id } = shapes.keycloakTokens;
    const realm = ROWS.find(({ provider }) => provider === 'Keycloak')!.issuer(named);
    expect(judge(realm, JWT, { ...id, preferred_username: `service-account-${SERVICE}` })).toBe('user');
  });
});

describe('rules', () => {
  const { targets } = fixtureConfig();
  const rule: Rule = { target: 'rtcstats', actions: ['report'], rooms: ['*'], ttl: 3600 };
  const conditions: readonly Partial<Rule>[] = [
    {},
    { group: 'g' },
    { claims: { client_id: SERVICE } },
    { issuer: 'https://id.example.com' },
    { signedInWithin: 600 },
    { when: () => true },
  ];

  test('for users match no service, and rules for services no user, whatever else they say', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...conditions), fc.boolean()), { maxLength: 6 }),
        fc.boolean(),
        (made, isService) => {
          const rules = made.map(([who, forServices]): Rule => ({
            ...rule,
            ...who,
            ...(forServices && { subject: 'service' }),
          }));
          const identity = {
            issuer: 'https://id.example.com',
            subject: SERVICE,
            groups: ['g'],
            claims: { client_id: SERVICE, auth_time: NOW },
            expiresAt: NOW + 600,
            ...(isService && { isService }),
          };
          const matching = matchRules(indexRules(rules, targets, 60), 'rtcstats', identity, NOW);
          expect(matching.map(({ position }) => position).toSorted((a, b) => a - b)).toEqual(
            rules.flatMap(({ subject }, index) => ((subject === 'service') === isService ? [index] : [])),
          );
        },
      ),
    );
  });
});
