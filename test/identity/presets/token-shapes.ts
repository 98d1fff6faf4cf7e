/** The claims that each provider's documentation shows, with a clock and ids of our own. */

/** Epoch seconds at which all of these tokens are good. */
export const NOW = 1_790_000_000;

export const CLIENT_ID = '7f3d2c1b4a5968778695a4b3';
export const TENANT_ID = '9122040d-6c67-4c5b-b112-36a304b66dad';
export const OTHER_TENANT_ID = '2c95bc9e-6b67-4c5b-b112-36a304b66dad';
export const ENTRA_CLIENT_ID = '6cb04018-a3f5-46a7-b995-940c78f5aef3';
export const GROUP_ID = '0760b6cf-170e-4a14-91b3-4b78e0739963';

const times = { iat: NOW - 10, exp: NOW + 3590 };

/** Amazon Cognito Developer Guide, "Understanding the identity (ID) token", "Understanding the access token". */
export const cognitoTokens = {
  id: {
    sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    'cognito:groups': ['broadcasters'],
    email_verified: true,
    'cognito:preferred_role': 'arn:aws:iam::111122223333:role/my-test-role',
    iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI',
    'cognito:username': 'anna',
    origin_jti: 'b1b1b1b1-0000-1111-2222-333333333333',
    aud: CLIENT_ID,
    event_id: '64f513be-32db-42b0-b78e-b02127b4f463',
    token_use: 'id',
    auth_time: NOW - 10,
    jti: 'c2c2c2c2-0000-1111-2222-333333333333',
    email: 'anna@example.com',
    ...times,
  },
  access: {
    sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    'cognito:groups': ['broadcasters'],
    iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI',
    version: 2,
    client_id: CLIENT_ID,
    origin_jti: 'b1b1b1b1-0000-1111-2222-333333333333',
    event_id: 'bed5ad5c-7182-4ecf-944b-28835567b380',
    token_use: 'access',
    scope: 'phone openid profile email',
    auth_time: NOW - 10,
    jti: 'd3d3d3d3-0000-1111-2222-333333333333',
    username: 'anna',
    ...times,
  },
} as const;

/** Auth0 documentation, "ID Token Structure", "Access Token Profiles", "Work with Tokens and Organizations". */
export const auth0Tokens = {
  id: {
    iss: 'https://example.eu.auth0.com/',
    sub: 'auth0|123456',
    aud: CLIENT_ID,
    nonce: 'crypto-value',
    name: 'Anna',
    picture: 'https://cdn.example.com/anna.png',
    sid: 'gsE0_xUqZFYXnBVH5tK0',
    org_id: 'org_9ybsU1dN2dKfDkBi',
    'https://example.com/groups': ['broadcasters'],
    ...times,
  },
  access: {
    iss: 'https://example.eu.auth0.com/',
    sub: 'auth0|123456',
    aud: ['https://example.com/health-api', 'https://example.eu.auth0.com/userinfo'],
    azp: CLIENT_ID,
    scope: 'openid profile read:patients',
    'https://example.com/groups': ['broadcasters'],
    ...times,
  },
  rfc9068: {
    iss: 'https://example.eu.auth0.com/',
    sub: 'auth0|123456',
    aud: CLIENT_ID,
    client_id: CLIENT_ID,
    jti: '73WakrfVbNJBaAmhQtEeDv',
    ...times,
  },
  machine: {
    iss: 'https://example.eu.auth0.com/',
    sub: `${CLIENT_ID}@clients`,
    aud: CLIENT_ID,
    azp: CLIENT_ID,
    gty: 'client-credentials',
    ...times,
  },
} as const;

/** Okta Developer, "OpenID Connect & OAuth 2.0 API", sections "ID token" and "Access token". */
export const oktaTokens = {
  id: {
    ver: 1,
    sub: '00uid4BxXw6I6TV4m0g3',
    iss: 'https://example.okta.com',
    aud: CLIENT_ID,
    jti: 'ID.YIUoT1sxV2rE_exqYkBhwBVJ2TxDqjZJLOgPnOZRWqs',
    amr: ['pwd', 'mfa'],
    idp: '00ok1u7AsAkrwdZL3z0g3',
    nonce: 'UBGW',
    auth_time: NOW - 10,
    preferred_username: 'anna@example.com',
    groups: ['broadcasters', 'Everyone'],
    ...times,
  },
  access: {
    ver: 1,
    jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    iss: 'https://example.okta.com/oauth2/default',
    aud: 'api://default',
    sub: 'anna@example.com',
    cid: CLIENT_ID,
    uid: '00uid4BxXw6I6TV4m0g3',
    scp: ['openid', 'groups'],
    groups: ['broadcasters'],
    ...times,
  },
} as const;

/** Microsoft identity platform, "ID token claims reference", "Access token claims reference". */
export const entraTokens = {
  id: {
    ver: '2.0',
    iss: `https://login.microsoftonline.com/${TENANT_ID}/v2.0`,
    sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
    aud: ENTRA_CLIENT_ID,
    nbf: NOW - 10,
    name: 'Anna',
    preferred_username: 'anna@example.com',
    oid: '00000000-0000-0000-66f3-3332eca7ea81',
    tid: TENANT_ID,
    nonce: '123523',
    aio: 'Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq',
    groups: [GROUP_ID],
    roles: ['Broadcaster'],
    ...times,
  },
  idVersion1: {
    ver: '1.0',
    iss: `https://sts.windows.net/${TENANT_ID}/`,
    sub: 'DgF85n8k6JAqeEBGBPYuBnBEbGrIREXbYgD5wxfXmxY',
    aud: ENTRA_CLIENT_ID,
    nbf: NOW - 10,
    amr: ['pwd'],
    oid: '00000000-0000-0000-66f3-3332eca7ea81',
    tid: TENANT_ID,
    unique_name: 'anna@example.com',
    groups: [GROUP_ID],
    ...times,
  },
  access: {
    ver: '2.0',
    iss: `https://login.microsoftonline.com/${TENANT_ID}/v2.0`,
    sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
    aud: ENTRA_CLIENT_ID,
    azp: ENTRA_CLIENT_ID,
    azpacr: '0',
    scp: 'access_as_user',
    tid: TENANT_ID,
    groups: [GROUP_ID],
    ...times,
  },
  appOnly: {
    ver: '2.0',
    iss: `https://login.microsoftonline.com/${TENANT_ID}/v2.0`,
    sub: '00000000-0000-0000-66f3-3332eca7ea81',
    aud: ENTRA_CLIENT_ID,
    azp: ENTRA_CLIENT_ID,
    azpacr: '1',
    roles: ['Broadcaster'],
    tid: TENANT_ID,
    ...times,
  },
  accessVersion1: {
    ver: '1.0',
    iss: `https://sts.windows.net/${TENANT_ID}/`,
    sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
    aud: ENTRA_CLIENT_ID,
    appid: ENTRA_CLIENT_ID,
    appidacr: '0',
    tid: TENANT_ID,
    ...times,
  },
} as const;

/** Keycloak Server Administration Guide, "Evaluating client scopes"; the claims of its own token classes. */
const keycloakCommon = {
  iss: 'https://id.example.com/realms/acme',
  sub: '36fa0f91-f94d-4a0c-afed-6b7d952e47da',
  azp: CLIENT_ID,
  sid: '2a88c258-f73a-4103-b862-e1fbd8f4e04e',
  acr: '1',
  email_verified: true,
  preferred_username: 'anna',
  realm_access: { roles: ['broadcasters', 'offline_access'] },
  resource_access: { [CLIENT_ID]: { roles: ['director'] }, account: { roles: ['manage-account'] } },
  ...times,
};
export const keycloakTokens = {
  id: { ...keycloakCommon, typ: 'ID', aud: CLIENT_ID, auth_time: NOW - 10, groups: ['/crew'] },
  access: { ...keycloakCommon, typ: 'Bearer', aud: [CLIENT_ID, 'account'], scope: 'openid profile email' },
  refresh: { ...keycloakCommon, typ: 'Refresh', aud: 'https://id.example.com/realms/acme' },
} as const;

/** Google Identity, "OpenID Connect": an ID token's payload. */
export const googleTokens = {
  id: {
    iss: 'https://accounts.google.com',
    azp: '1234987819200.apps.googleusercontent.com',
    aud: CLIENT_ID,
    sub: '10769150350006150715113082367',
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    hd: 'example.com',
    email: 'anna@example.com',
    email_verified: true,
    nonce: '0394852-3190485-2490358',
    ...times,
  },
} as const;

/** Apple Developer Documentation, "Receiving a User's Identity Token". */
export const appleTokens = {
  id: {
    iss: 'https://appleid.apple.com',
    aud: 'com.example.app',
    sub: '000544.5e201aec537347aeb79d23cbc345170a.1321',
    nonce_supported: true,
    email: 'dpdcnf87nu@privaterelay.appleid.com',
    email_verified: 'true',
    is_private_email: 'true',
    auth_time: NOW - 10,
    ...times,
  },
} as const;

/** GitLab documentation, "GitLab as OpenID Connect identity provider", "ID tokens" (of CI jobs). */
export const gitlabTokens = {
  id: {
    iss: 'https://gitlab.com',
    sub: '1234567',
    aud: CLIENT_ID,
    auth_time: NOW - 10,
    sub_legacy: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2',
    name: 'Anna',
    nickname: 'anna',
    preferred_username: 'anna',
    groups_direct: ['acme', 'acme/broadcasters'],
    ...times,
  },
  job: {
    iss: 'https://gitlab.com',
    sub: 'project_path:mallory/project:ref_type:branch:ref:main',
    aud: CLIENT_ID,
    nbf: NOW - 15,
    namespace_id: '72',
    project_id: '20',
    user_login: 'mallory',
    groups_direct: ['acme/broadcasters'],
    pipeline_id: '574',
    job_id: '302',
    ...times,
  },
} as const;

/** ZITADEL documentation, "Claims", "Retrieve User Roles". */
export const zitadelTokens = {
  id: {
    iss: 'https://acme-a1b2c3.zitadel.cloud',
    sub: '165467338479501569',
    aud: [CLIENT_ID, '174388954587956480', '174388875676319745'],
    azp: CLIENT_ID,
    client_id: CLIENT_ID,
    amr: ['pwd', 'mfa'],
    auth_time: NOW - 10,
    'urn:zitadel:iam:org:project:roles': {
      broadcasters: { '174389034287923456': 'acme.acme-a1b2c3.zitadel.cloud' },
      viewers: { '999999999999999999': 'other.acme-a1b2c3.zitadel.cloud' },
    },
    ...times,
  },
} as const;

/** authentik documentation, "OAuth 2.0 provider"; the scope mapping `profile`. */
export const authentikTokens = {
  id: {
    iss: 'https://id.example.com/application/o/streaming/',
    sub: '4b6aeba5d7ee3c66dbd9a3d6bd5ae6a53a5a3e4c6ca0c5bb26e6ea3b2fb0f2c8',
    aud: CLIENT_ID,
    auth_time: NOW - 10,
    acr: 'goauthentik.io/providers/oauth2/default',
    amr: ['pwd'],
    email: 'anna@example.com',
    email_verified: true,
    preferred_username: 'anna',
    nickname: 'anna',
    groups: ['broadcasters', 'authentik Admins'],
    ...times,
  },
} as const;

/** Azure AD B2C documentation, "Overview of tokens". */
export const b2cTokens = {
  id: {
    ver: '1.0',
    iss: `https://contoso.b2clogin.com/${TENANT_ID}/v2.0/`,
    sub: '884408e1-2918-4cz0-b12d-3aa027d7563b',
    aud: ENTRA_CLIENT_ID,
    nbf: NOW - 10,
    auth_time: NOW - 10,
    oid: '884408e1-2918-4cz0-b12d-3aa027d7563b',
    tfp: 'B2C_1_signin',
    emails: ['anna@example.com'],
    extension_Groups: 'broadcasters,crew',
    ...times,
  },
} as const;

/** Microsoft Entra External ID: an external tenant's ID token. */
export const externalIdTokens = {
  id: { ...entraTokens.id, iss: `https://${TENANT_ID}.ciamlogin.com/${TENANT_ID}/v2.0` },
} as const;
