import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  apple,
  auth0,
  authentik,
  b2c,
  cognito,
  entra,
  gitlab,
  google,
  keycloak,
  oidc,
  okta,
  zitadel,
} from '../../../lib/config/index.ts';
import { checkClaims } from '../../../lib/identity/check-claims.ts';
import type { Issuer } from '../../../lib/identity/issuer.ts';
import type { JsonObject } from '../../../lib/jws/compact.ts';
import { OAuthError } from '../../../lib/oauth/oauth-error.ts';
import type { Reason } from '../../../lib/oauth/reasons.ts';
import type { SubjectTokenType } from '../../../lib/oauth/token-exchange.ts';
import {
  CLIENT_ID,
  ENTRA_CLIENT_ID,
  GROUP_ID,
  NOW,
  OTHER_TENANT_ID,
  TENANT_ID,
  appleTokens,
  auth0Tokens,
  authentikTokens,
  b2cTokens,
  cognitoTokens,
  entraTokens,
  externalIdTokens,
  gitlabTokens,
  googleTokens,
  keycloakTokens,
  oktaTokens,
  zitadelTokens,
} from './token-shapes.ts';

const cognitoPool = cognito({ userPoolId: 'eu-west-1_AbCdEfGhI', clientId: CLIENT_ID });
const auth0Tenant = auth0({
  domain: 'example.eu.auth0.com',
  clientId: CLIENT_ID,
  groupsClaim: 'https://example.com/groups',
});
const auth0Organization = auth0({
  domain: 'example.eu.auth0.com',
  clientId: CLIENT_ID,
  organization: 'org_9ybsU1dN2dKfDkBi',
});
const oktaOrganization = okta({ domain: 'example.okta.com', clientId: CLIENT_ID });
const oktaCustomServer = okta({
  domain: 'example.okta.com',
  clientId: CLIENT_ID,
  authorizationServer: 'default',
});
const entraTenant = entra({ tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID });
const entraVersion1 = entra({ tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID, version: 1 });
const entraRolesOnly = entra({ tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID, groups: 'roles' });

const keycloakRealm = keycloak({ url: 'https://id.example.com', realm: 'acme', clientId: CLIENT_ID });
const googleAccounts = google({ clientId: CLIENT_ID });
const googleWorkspace = google({ clientId: CLIENT_ID, hd: ['example.com', 'example.org'] });
const appleAccounts = apple({ clientId: 'com.example.app' });
const gitlabCloud = gitlab({ clientId: CLIENT_ID });
const zitadelInstance = zitadel({ domain: 'acme-a1b2c3.zitadel.cloud', clientId: CLIENT_ID });
const zitadelOrganization = zitadel({
  domain: 'acme-a1b2c3.zitadel.cloud',
  clientId: CLIENT_ID,
  organization: '174389034287923456',
});
const authentikApplication = authentik({
  url: 'https://id.example.com',
  application: 'streaming',
  clientId: CLIENT_ID,
});
const b2cTenant = b2c({
  tenant: 'contoso',
  tenantId: TENANT_ID,
  policy: 'B2C_1_signin',
  clientId: ENTRA_CLIENT_ID,
});
const externalId = entra({
  tenantId: TENANT_ID,
  clientId: ENTRA_CLIENT_ID,
  authority: 'https://contoso.ciamlogin.com',
});

const JWT_HEADER = { alg: 'RS256', typ: 'JWT', kid: 'k1' };
/** Neither Cognito nor Okta's custom servers send a type. */
const BARE_HEADER = { alg: 'RS256', kid: 'k1' };

interface Row {
  readonly title: string;
  readonly issuer: Issuer;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly declared?: SubjectTokenType;
}

function judge({ issuer, header, claims, declared = 'jwt' }: Row): readonly string[] | Reason {
  try {
    return checkClaims(issuer, header, claims, declared, NOW, 60).groups;
  } catch (error) {
    if (error instanceof OAuthError) return error.reason;
    throw error;
  }
}

describe('a provider’s own token is exchanged with its groups', () => {
  const { id, access } = cognitoTokens;
  const rows: readonly (Row & { readonly groups: readonly string[] })[] = [
    {
      title: 'Cognito: ID token',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: id,
      declared: 'id_token',
      groups: ['broadcasters'],
    },
    {
      title: 'Cognito: access token',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: access,
      declared: 'access_token',
      groups: ['broadcasters'],
    },
    {
      title: 'Auth0: ID token with namespaced groups',
      issuer: auth0Tenant,
      header: JWT_HEADER,
      claims: auth0Tokens.id,
      declared: 'id_token',
      groups: ['broadcasters'],
    },
    {
      title: 'Auth0: ID token of a member of the organization',
      issuer: auth0Organization,
      header: JWT_HEADER,
      claims: auth0Tokens.id,
      groups: [],
    },
    {
      title: 'Auth0: one role as a plain string',
      issuer: auth0Tenant,
      header: JWT_HEADER,
      claims: { ...auth0Tokens.id, 'https://example.com/groups': 'viewers' },
      groups: ['viewers'],
    },
    {
      title: 'Okta: ID token of the organization’s server',
      issuer: oktaOrganization,
      header: BARE_HEADER,
      claims: oktaTokens.id,
      declared: 'id_token',
      groups: ['broadcasters', 'Everyone'],
    },
    {
      title: 'Okta: ID token of a custom server',
      issuer: oktaCustomServer,
      header: BARE_HEADER,
      claims: { ...oktaTokens.id, iss: 'https://example.okta.com/oauth2/default' },
      groups: ['broadcasters', 'Everyone'],
    },
    {
      title: 'Okta: ID token without the groups claim',
      issuer: oktaOrganization,
      header: BARE_HEADER,
      claims: { ...oktaTokens.id, groups: undefined },
      groups: [],
    },
    {
      title: 'Entra ID: v2.0 ID token, groups as GUIDs and app roles',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: entraTokens.id,
      declared: 'id_token',
      groups: [GROUP_ID, 'Broadcaster'],
    },
    {
      title: 'Entra ID: v1.0 ID token',
      issuer: entraVersion1,
      header: JWT_HEADER,
      claims: entraTokens.idVersion1,
      groups: [GROUP_ID],
    },
    {
      title: 'Entra ID: groups left out, where roles alone are read',
      issuer: entraRolesOnly,
      header: JWT_HEADER,
      claims: { ...entraTokens.id, groups: undefined, _claim_names: { groups: 'src1' } },
      groups: ['Broadcaster'],
    },
    {
      title: 'Entra ID: another claim is elsewhere, the groups are here',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: { ...entraTokens.id, _claim_names: { address: 'src1' } },
      groups: [GROUP_ID, 'Broadcaster'],
    },
    {
      title: 'Entra ID: a group’s name is not a group, since anyone may create one',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: { ...entraTokens.id, groups: ['Broadcaster', 'broadcasters'], roles: undefined },
      groups: [],
    },
    {
      title: 'Cognito: ID token of the newer host',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: {
        ...id,
        iss: 'https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI',
      },
      groups: ['broadcasters'],
    },
    {
      title: 'Cognito: groups of another provider behind it, as one string',
      issuer: cognito({
        userPoolId: 'eu-west-1_AbCdEfGhI',
        clientId: CLIENT_ID,
        groups: ['cognito:groups', { claim: 'custom:groups', separator: ',' }],
      }),
      header: BARE_HEADER,
      claims: { ...id, 'custom:groups': '[staff, crew]' },
      groups: ['broadcasters', 'staff', 'crew'],
    },
    {
      title: 'Keycloak: ID token with groups, realm roles and this client’s roles',
      issuer: keycloakRealm,
      header: JWT_HEADER,
      claims: keycloakTokens.id,
      declared: 'id_token',
      groups: ['/crew', 'broadcasters', 'offline_access', 'director'],
    },
    {
      title: 'Google: ID token',
      issuer: googleAccounts,
      header: JWT_HEADER,
      claims: googleTokens.id,
      declared: 'id_token',
      groups: [],
    },
    {
      title: 'Google: issuer without https',
      issuer: googleWorkspace,
      header: JWT_HEADER,
      claims: { ...googleTokens.id, iss: 'accounts.google.com' },
      groups: [],
    },
    {
      title: 'Google by oidc(): issuer without https',
      issuer: oidc({ issuer: 'https://accounts.google.com', audience: CLIENT_ID }),
      header: JWT_HEADER,
      claims: { ...googleTokens.id, iss: 'accounts.google.com' },
      groups: [],
    },
    {
      title: 'Apple: identity token',
      issuer: appleAccounts,
      header: BARE_HEADER,
      claims: appleTokens.id,
      declared: 'id_token',
      groups: [],
    },
    {
      title: 'GitLab: ID token',
      issuer: gitlabCloud,
      header: JWT_HEADER,
      claims: gitlabTokens.id,
      declared: 'id_token',
      groups: ['acme', 'acme/broadcasters'],
    },
    {
      title: 'ZITADEL: ID token, whose roles are the members of an object',
      issuer: zitadelInstance,
      header: JWT_HEADER,
      claims: zitadelTokens.id,
      declared: 'id_token',
      groups: ['broadcasters', 'viewers'],
    },
    {
      title: 'ZITADEL: roles in one organization',
      issuer: zitadelOrganization,
      header: JWT_HEADER,
      claims: zitadelTokens.id,
      groups: ['broadcasters'],
    },
    {
      title: 'authentik: ID token',
      issuer: authentikApplication,
      header: JWT_HEADER,
      claims: authentikTokens.id,
      declared: 'id_token',
      groups: ['broadcasters', 'authentik Admins'],
    },
    {
      title: 'Azure AD B2C: ID token',
      issuer: b2cTenant,
      header: JWT_HEADER,
      claims: b2cTokens.id,
      declared: 'id_token',
      groups: [],
    },
    {
      title: 'Azure AD B2C: policy in the issuer and in acr, groups in a claim of one’s own',
      issuer: b2c({
        tenant: 'contoso',
        tenantId: TENANT_ID,
        policy: ['b2c_1_signin', 'b2c_1_guest'],
        clientId: ENTRA_CLIENT_ID,
        groups: { claim: 'extension_Groups', separator: ',' },
      }),
      header: JWT_HEADER,
      claims: {
        ...b2cTokens.id,
        iss: `https://contoso.b2clogin.com/tfp/${TENANT_ID}/b2c_1_guest/v2.0/`,
        tfp: undefined,
        acr: 'b2c_1_guest',
      },
      groups: ['broadcasters', 'crew'],
    },
    {
      title: 'Entra External ID: issuer named after the tenant’s id',
      issuer: externalId,
      header: JWT_HEADER,
      claims: externalIdTokens.id,
      declared: 'id_token',
      groups: [GROUP_ID, 'Broadcaster'],
    },
  ];
  test.each(rows)('$title', (row) => {
    const { issuer, claims } = row;
    expect(issuer.problems).toEqual([]);
    expect([issuer.issuer, ...issuer.alsoIssuers]).toContain(claims['iss']);
    expect(judge(row)).toEqual(row.groups);
  });
});

describe('a token that is not meant for us is refused', () => {
  const rows: readonly (Row & { readonly reason: Reason })[] = [
    {
      title: 'Cognito: access token sent as ID token',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: cognitoTokens.access,
      declared: 'id_token',
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Cognito: no token_use',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: { ...cognitoTokens.id, token_use: undefined },
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Cognito: ID token of another app client',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: { ...cognitoTokens.id, aud: 'another' },
      reason: 'subject_token_audience',
    },
    {
      title: 'Cognito: access token of another app client, ours in aud',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: { ...cognitoTokens.access, client_id: 'another', aud: CLIENT_ID },
      reason: 'subject_token_audience',
    },
    {
      title: 'Cognito: client_id as a list',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: { ...cognitoTokens.access, client_id: [CLIENT_ID] },
      reason: 'subject_token_claims',
    },
    {
      title: 'Cognito: another user pool of the same region',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: { ...cognitoTokens.id, iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another01' },
      reason: 'subject_token_issuer',
    },
    {
      title: 'Auth0: access token in Auth0’s profile',
      issuer: auth0Tenant,
      header: JWT_HEADER,
      claims: auth0Tokens.access,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Auth0: access token in the profile of RFC 9068',
      issuer: auth0Tenant,
      header: { ...JWT_HEADER, typ: 'at+jwt' },
      claims: auth0Tokens.rfc9068,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Auth0: a machine’s token',
      issuer: auth0Tenant,
      header: JWT_HEADER,
      claims: auth0Tokens.machine,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Auth0: issuer without its slash',
      issuer: auth0Tenant,
      header: JWT_HEADER,
      claims: { ...auth0Tokens.id, iss: 'https://example.eu.auth0.com' },
      reason: 'subject_token_issuer',
    },
    {
      title: 'Auth0: member of another organization',
      issuer: auth0Organization,
      header: JWT_HEADER,
      claims: { ...auth0Tokens.id, org_id: 'org_another0000000' },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Auth0: signed in outside of any organization',
      issuer: auth0Organization,
      header: JWT_HEADER,
      claims: { ...auth0Tokens.id, org_id: undefined },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Okta: access token of a custom server',
      issuer: oktaCustomServer,
      header: BARE_HEADER,
      claims: oktaTokens.access,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Okta: access token of the organization’s server',
      issuer: oktaOrganization,
      header: { ...BARE_HEADER, typ: 'application/okta-internal-at+jwt' },
      claims: { ...oktaTokens.id, jti: 'AT.1' },
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Okta: token of a custom server at the organization’s',
      issuer: oktaOrganization,
      header: BARE_HEADER,
      claims: { ...oktaTokens.id, iss: 'https://example.okta.com/oauth2/default' },
      reason: 'subject_token_issuer',
    },
    {
      title: 'Entra ID: access token for the same application',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: entraTokens.access,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Entra ID: an application’s own token, with an app role',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: entraTokens.appOnly,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Entra ID: v1.0 access token',
      issuer: entraVersion1,
      header: JWT_HEADER,
      claims: entraTokens.accessVersion1,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Entra ID: v1.0 token where v2.0 is configured',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: entraTokens.idVersion1,
      reason: 'subject_token_issuer',
    },
    {
      title: 'Entra ID: another tenant’s tid under our issuer',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: { ...entraTokens.id, tid: OTHER_TENANT_ID },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Entra ID: no tid',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: { ...entraTokens.id, tid: undefined },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Entra ID: groups left out (_claim_names)',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: {
        ...entraTokens.id,
        groups: undefined,
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://graph.windows.net/memberObjects' } },
      },
      reason: 'subject_token_groups_overage',
    },
    {
      title: 'Entra ID: groups left out (hasgroups, implicit flow)',
      issuer: entraTenant,
      header: JWT_HEADER,
      claims: { ...entraTokens.id, groups: undefined, hasgroups: true },
      reason: 'subject_token_groups_overage',
    },
    {
      title: 'Cognito: the newer host of another region',
      issuer: cognitoPool,
      header: BARE_HEADER,
      claims: {
        ...cognitoTokens.id,
        iss: 'https://issuer-cognito-idp.us-east-1.amazonaws.com/eu-west-1_AbCdEfGhI',
      },
      reason: 'subject_token_issuer',
    },
    {
      title: 'Keycloak: access token sent as ID token',
      issuer: keycloakRealm,
      header: JWT_HEADER,
      claims: keycloakTokens.access,
      declared: 'id_token',
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Keycloak: refresh token',
      issuer: keycloakRealm,
      header: JWT_HEADER,
      claims: keycloakTokens.refresh,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'Keycloak: another realm of the same server',
      issuer: keycloakRealm,
      header: JWT_HEADER,
      claims: { ...keycloakTokens.id, iss: 'https://id.example.com/realms/master' },
      reason: 'subject_token_issuer',
    },
    {
      title: 'Google: another Workspace domain',
      issuer: googleWorkspace,
      header: JWT_HEADER,
      claims: { ...googleTokens.id, hd: 'example.net' },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Google: a private account with an address of the domain',
      issuer: googleWorkspace,
      header: JWT_HEADER,
      claims: { ...googleTokens.id, hd: undefined },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'GitLab: ID token of a CI job, whose audience the job chose',
      issuer: gitlabCloud,
      header: JWT_HEADER,
      claims: gitlabTokens.job,
      reason: 'subject_token_type_mismatch',
    },
    {
      title: 'ZITADEL: another client of the same project',
      issuer: zitadelInstance,
      header: JWT_HEADER,
      claims: { ...zitadelTokens.id, azp: '174388954587956480' },
      reason: 'subject_token_audience',
    },
    {
      title: 'authentik: another application',
      issuer: authentikApplication,
      header: JWT_HEADER,
      claims: { ...authentikTokens.id, iss: 'https://id.example.com/application/o/other/' },
      reason: 'subject_token_issuer',
    },
    {
      title: 'Azure AD B2C: another policy of the same application',
      issuer: b2cTenant,
      header: JWT_HEADER,
      claims: { ...b2cTokens.id, tfp: 'B2C_1_password_reset' },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Azure AD B2C: no policy',
      issuer: b2cTenant,
      header: JWT_HEADER,
      claims: { ...b2cTokens.id, tfp: undefined },
      reason: 'subject_token_wrong_tenant',
    },
    {
      title: 'Azure AD B2C: access token',
      issuer: b2cTenant,
      header: JWT_HEADER,
      claims: { ...b2cTokens.id, scp: 'stream', azp: ENTRA_CLIENT_ID },
      reason: 'subject_token_type_mismatch',
    },
  ];
  test.each(rows)('$title', (row) => {
    expect(judge(row)).toBe(row.reason);
  });
});

describe('Entra ID: what counts as a group', () => {
  const groupsAlone = entra({ tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID, groups: 'groups' });
  const row = { title: '', header: JWT_HEADER };

  test.each([
    ['a name that ends in a GUID', { groups: [`x${GROUP_ID}`], roles: [] }, []],
    ['a name that begins with a GUID', { groups: [`${GROUP_ID}x`], roles: [] }, []],
    ['a GUID in upper case, which Entra ID never sends', { groups: [GROUP_ID.toUpperCase()], roles: [] }, []],
    ['hasgroups as a text', { groups: undefined, hasgroups: 'true' }, 'subject_token_groups_overage'],
    ['hasgroups of no meaning', { hasgroups: false, roles: [] }, [GROUP_ID]],
  ])('%s', (_title, claims, expected) => {
    expect(judge({ ...row, issuer: entraTenant, claims: { ...entraTokens.id, ...claims } })).toEqual(
      expected,
    );
  });

  test('roles are none where groups alone are read', () => {
    expect(judge({ ...row, issuer: groupsAlone, claims: entraTokens.id })).toEqual([GROUP_ID]);
  });
});

describe('keys are where the provider documents them', () => {
  const entraKeys = `${TENANT_ID}/discovery/v2.0/keys?appid=${ENTRA_CLIENT_ID}`;
  const entraOptions = { tenantId: TENANT_ID, clientId: ENTRA_CLIENT_ID };
  test.each<[Issuer, string[]]>([
    [
      cognitoPool,
      ['cognito-idp', 'issuer-cognito-idp'].map(
        (host) => `https://${host}.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI/.well-known/jwks.json`,
      ),
    ],
    [auth0Tenant, ['https://example.eu.auth0.com/.well-known/jwks.json']],
    [oktaOrganization, ['https://example.okta.com/oauth2/v1/keys']],
    [oktaCustomServer, ['https://example.okta.com/oauth2/default/v1/keys']],
    [
      okta({ domain: 'example.okta.com', clientId: ['a', 'b&c'], pinnedKeys: true }),
      [
        'https://example.okta.com/oauth2/v1/keys?client_id=a',
        'https://example.okta.com/oauth2/v1/keys?client_id=b%26c',
      ],
    ],
    [entraTenant, [`https://login.microsoftonline.com/${entraKeys}`]],
    [
      entraVersion1,
      [`https://login.microsoftonline.com/${TENANT_ID}/discovery/keys?appid=${ENTRA_CLIENT_ID}`],
    ],
    [
      entra({ ...entraOptions, authority: 'https://login.microsoftonline.us/' }),
      [`https://login.microsoftonline.us/${entraKeys}`],
    ],
    [
      entra({ ...entraOptions, authority: 'https://contoso.ciamlogin.com' }),
      [`https://contoso.ciamlogin.com/${entraKeys}`],
    ],
    [b2cTenant, ['https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin/discovery/v2.0/keys']],
    [keycloakRealm, ['https://id.example.com/realms/acme/protocol/openid-connect/certs']],
    [googleAccounts, ['https://www.googleapis.com/oauth2/v3/certs']],
    [appleAccounts, ['https://appleid.apple.com/auth/keys']],
    [gitlabCloud, ['https://gitlab.com/oauth/discovery/keys']],
    [zitadelInstance, ['https://acme-a1b2c3.zitadel.cloud/oauth/v2/keys']],
    [authentikApplication, ['https://id.example.com/application/o/streaming/jwks/']],
    [oidc({ issuer: 'https://id.example.com', audience: 'app' }), []],
    [
      oidc({ issuer: 'https://id.example.com', audience: 'app', jwksUri: 'https://keys.example.com/k?a=b' }),
      ['https://keys.example.com/k?a=b'],
    ],
    [google({ clientId: CLIENT_ID, jwksUri: 'https://keys.example.com/' }), ['https://keys.example.com/']],
  ])('$issuer', (issuer, jwksUris) => {
    expect(issuer.problems).toEqual([]);
    expect(issuer.jwksUris).toEqual(jwksUris);
  });
});

describe('options that could never work are named', () => {
  const clientId = CLIENT_ID;
  test.each([
    ['cognito: no user pool id', cognito({ userPoolId: 'pool', clientId }), 'userPoolId'],
    ['cognito: no client id', cognito({ userPoolId: 'eu-west-1_AbCdEfGhI', clientId: '' }), 'clientId'],
    ['auth0: an address for a domain', auth0({ domain: 'https://a.auth0.com/', clientId }), 'domain'],
    ['auth0: upper case, which no issuer is in', auth0({ domain: 'A.auth0.com', clientId }), 'domain'],
    [
      'auth0: a domain that hides another host',
      auth0({ domain: 'a.auth0.com@b.example', clientId }),
      'domain',
    ],
    ['auth0: no client id', auth0({ domain: 'a.auth0.com', clientId: [] }), 'clientId'],
    [
      'auth0: a reserved claim',
      auth0({ domain: 'a.auth0.com', clientId, groupsClaim: 'roles' }),
      'groupsClaim',
    ],
    ['auth0: a name', auth0({ domain: 'a.auth0.com', clientId, organization: 'acme' }), 'organization'],
    ['auth0: no organization', auth0({ domain: 'a.auth0.com', clientId, organization: [] }), 'organization'],
    ['okta: an address', okta({ domain: 'a.okta.com/oauth2/default', clientId }), 'domain'],
    ['okta: a blank client id', okta({ domain: 'a.okta.com', clientId: ' ' }), 'clientId'],
    [
      'okta: a server’s address',
      okta({ domain: 'a.okta.com', clientId, authorizationServer: 'oauth2/default' }),
      'authorizationServer',
    ],
    ['entra: every tenant', entra({ tenantId: 'common', clientId }), 'tenantId'],
    ['entra: a domain', entra({ tenantId: 'example.onmicrosoft.com', clientId }), 'tenantId'],
    ['entra: upper case', entra({ tenantId: TENANT_ID.toUpperCase(), clientId }), 'tenantId'],
    ['entra: no client id', entra({ tenantId: TENANT_ID, clientId: [''] }), 'clientId'],
    [
      'entra: http',
      entra({ tenantId: TENANT_ID, clientId, authority: 'http://login.example.com' }),
      'authority',
    ],
    [
      'entra: version 1 elsewhere',
      entra({ tenantId: TENANT_ID, clientId, authority: 'https://login.microsoftonline.us', version: 1 }),
      'version',
    ],
    ['keycloak: no address', keycloak({ url: 'id.example.com', realm: 'acme', clientId }), 'url'],
    ['keycloak: no realm', keycloak({ url: 'https://id.example.com', realm: '', clientId }), 'realm'],
    ['google: an address for a domain', google({ clientId, hd: 'https://example.com' }), 'hd'],
    ['google: no domain', google({ clientId, hd: [] }), 'hd'],
    ['apple: no client id', apple({ clientId: '' }), 'clientId'],
    ['gitlab: no https', gitlab({ clientId, url: 'http://gitlab.example.com' }), 'url'],
    ['zitadel: an address', zitadel({ clientId, domain: 'https://acme.zitadel.cloud' }), 'domain'],
    [
      'authentik: a path for a slug',
      authentik({ clientId, url: 'https://id.example.com', application: 'a/b' }),
      'application',
    ],
    [
      'b2c: a domain for a tenant',
      b2c({ clientId, tenant: 'contoso.onmicrosoft.com', tenantId: TENANT_ID, policy: 'p' }),
      'tenant',
    ],
    ['b2c: no policy', b2c({ clientId, tenant: 'contoso', tenantId: TENANT_ID, policy: [] }), 'policy'],
    ['an empty name for groups', google({ clientId, groups: '' }), 'groups'],
    ['no place for groups', google({ clientId, groups: [] }), 'groups'],
    ['an empty separator', google({ clientId, groups: { claim: 'g', separator: '' } }), 'groups.separator'],
    [
      'keys of this machine for a provider elsewhere',
      google({ clientId, jwksUri: 'http://127.0.0.1:9001/keys' }),
      'jwksUri',
    ],
    ['keys by http', google({ clientId, jwksUri: 'http://keys.example.com' }), 'jwksUri'],
  ])('%s', (_title, issuer, field) => {
    expect(issuer.problems.map(({ path }) => path.replace(/\[0\]$/, ''))).toEqual([field]);
  });

  test.each([
    cognitoPool,
    auth0Tenant,
    auth0Organization,
    oktaOrganization,
    oktaCustomServer,
    entraTenant,
    entraVersion1,
    entraRolesOnly,
  ])('$preset: sound options have no problem', ({ problems }) => {
    expect(problems).toEqual([]);
  });
});

test('any claims of any type either give an identity of strings or a reason', () => {
  const names = ['scope', 'gty', 'cid', 'scp', 'azpacr', 'tid', 'groups', 'roles', 'org_id', '_claim_names'];
  const claims = fc.dictionary(fc.constantFrom(...names, 'hasgroups', 'aud', 'azp'), fc.jsonValue());
  const issuers = fc.constantFrom(cognitoPool, auth0Tenant, auth0Organization, oktaOrganization, entraTenant);
  fc.assert(
    fc.property(issuers, claims, fc.jsonValue(), (issuer, extra, typ) => {
      const base = { iss: issuer.issuer, sub: 'anna', aud: issuer.audience[0], iat: NOW, exp: NOW + 60 };
      const outcome = judge({ title: '', issuer, header: { typ }, claims: { ...base, ...extra } });
      expect(typeof outcome === 'string' || outcome.every((group) => typeof group === 'string')).toBe(true);
    }),
  );
});
