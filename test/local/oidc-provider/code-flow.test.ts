import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../../../local/oidc-provider/browser.ts';
import { commandLineRedirectUri, demoClient, demoClientId } from '../../../local/oidc-provider/client.ts';
import { startOidcProvider } from '../../../local/oidc-provider/provider.ts';
import type { RunningOidcProvider } from '../../../local/oidc-provider/provider.ts';
import { signIn } from '../../../local/oidc-provider/sign-in.ts';
import { signingAlgorithms } from '../../../local/oidc-provider/signing-keys.ts';
import { authorizationUrl } from './authorization-url.ts';

const fiveMinutes = 300;
let provider: RunningOidcProvider;

interface Tokens {
  readonly id_token: string;
  readonly refresh_token: string;
}

beforeAll(async () => {
  provider = await startOidcProvider({
    port: 0,
    idTokenTtlSeconds: fiveMinutes,
    clients: [
      demoClient(),
      ...signingAlgorithms.map((idTokenAlgorithm) =>
        demoClient({ clientId: `signs-${idTokenAlgorithm}`, idTokenAlgorithm }),
      ),
    ],
  });
});

afterAll(() => provider.close());

function verify(idToken: string, audience = demoClientId) {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  return jwtVerify(idToken, keys, { issuer: provider.issuer, audience });
}

/** Signs the viewer in as a browser and gives the address that the provider redirects to. */
async function redirectOf(url: URL): Promise<URL> {
  const browser = openBrowser(url.searchParams.get('redirect_uri') ?? commandLineRedirectUri);
  const page = await browser.open(url);
  return page.status === 200 ? (await browser.press(page, 'user', 'viewer')).url : page.url;
}

async function redeem(
  code: string,
  codeVerifier: string,
  changed: Record<string, string> = {},
  origin?: string,
) {
  return fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: origin === undefined ? {} : { origin },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: demoClientId,
      redirect_uri: commandLineRedirectUri,
      code,
      code_verifier: codeVerifier,
      ...changed,
    }),
  });
}

async function newCode(codeVerifier: string): Promise<string> {
  const redirect = await redirectOf(await authorizationUrl(provider.issuer, {}, codeVerifier));
  return redirect.searchParams.get('code') ?? '';
}

test.each(['broadcaster', 'viewer', 'moderator'])(
  'gives %s an ID token with name, email and group',
  async (user) => {
    const { idToken, accessToken } = await signIn({ issuer: provider.issuer, user });

    const { payload } = await verify(idToken);
    expect(payload).toMatchObject({
      sub: user,
      groups: [`${user}s`],
      name: `Local ${user}`,
      email: `${user}@example.com`,
      email_verified: true,
      aud: demoClientId,
    });
    expect(accessToken).not.toBe('');
  },
);

test('gives the group, but no name and email, where only openid is asked for', async () => {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const redirect = await redirectOf(
    await authorizationUrl(provider.issuer, { scope: 'openid' }, codeVerifier),
  );
  const response = await redeem(redirect.searchParams.get('code') ?? '', codeVerifier);

  const { id_token: idToken } = (await response.json()) as { id_token: string };
  const { payload } = await verify(idToken);
  expect(payload).toMatchObject({ sub: 'viewer', groups: ['viewers'] });
  expect(payload).not.toHaveProperty('email');
  expect(payload).not.toHaveProperty('name');
});

test('gives ID tokens the lifetime that it was started with', async () => {
  const { idToken } = await signIn({ issuer: provider.issuer, user: 'viewer' });

  const { payload } = await verify(idToken);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(fiveMinutes);
});

test.each(signingAlgorithms)('signs with %s where the client asks for it', async (algorithm) => {
  const clientId = `signs-${algorithm}`;
  const { idToken } = await signIn({ issuer: provider.issuer, user: 'viewer', clientId });

  const { protectedHeader } = await verify(idToken, clientId);
  expect(protectedHeader.alg).toBe(algorithm);
});

test.each([
  ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['PKCE without a hash', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['the implicit flow', { response_type: 'id_token', nonce: 'n' }, 'unsupported_response_type'],
] as const)('refuses %s', async (_title, changed, error) => {
  const redirect = await redirectOf(await authorizationUrl(provider.issuer, changed));

  const answer = new URLSearchParams(redirect.search || redirect.hash.slice(1));
  expect(answer.get('error')).toBe(error);
  expect(answer.has('code')).toBe(false);
});

test.each([
  [
    'a redirect to another machine',
    { redirect_uri: 'https://localhost.example.com/callback' },
    'invalid_redirect_uri',
  ],
  ['a redirect with a fragment', { redirect_uri: 'http://localhost:5173/#a' }, 'invalid_redirect_uri'],
  ['a client that is not registered', { client_id: 'other' }, 'invalid_client'],
] as const)('shows an error page and does not redirect for %s', async (_title, changed, error) => {
  const response = await fetch(await authorizationUrl(provider.issuer, changed), { redirect: 'manual' });

  expect(response.status).toBe(400);
  expect(response.headers.get('location')).toBeNull();
  expect(await response.text()).toContain(`<code>${error}</code>`);
});

test('refuses a code with another PKCE verifier', async () => {
  const code = await newCode(oauth.generateRandomCodeVerifier());

  const response = await redeem(code, oauth.generateRandomCodeVerifier());

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: 'invalid_grant' });
});

test('refuses a code that was used', async () => {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const code = await newCode(codeVerifier);

  const statuses = [await redeem(code, codeVerifier), await redeem(code, codeVerifier)].map(
    ({ status }) => status,
  );

  expect(statuses).toEqual([200, 400]);
});

test.each(['http://localhost:3003', 'http://localhost:5173', 'http://127.0.0.1:8080', 'https://[::1]:4200'])(
  'signs in a page at %s and lets it read the token response',
  async (origin) => {
    const codeVerifier = oauth.generateRandomCodeVerifier();
    const redirectUri = `${origin}/signed-in/here`;
    const redirect = await redirectOf(
      await authorizationUrl(provider.issuer, { redirect_uri: redirectUri }, codeVerifier),
    );

    const response = await redeem(
      redirect.searchParams.get('code') ?? '',
      codeVerifier,
      { redirect_uri: redirectUri },
      origin,
    );

    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
  },
);

test('gives a refresh token, which gives a new ID token of the same user', async () => {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const first = (await (await redeem(await newCode(codeVerifier), codeVerifier)).json()) as Tokens;

  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: demoClientId,
      refresh_token: first.refresh_token,
    }),
  });

  const second = (await response.json()) as Tokens;
  expect(response.status).toBe(200);
  expect((await verify(second.id_token)).payload).toMatchObject({ sub: 'viewer', groups: ['viewers'] });
  expect(second.refresh_token).not.toBe(first.refresh_token);
});

test('refuses the token endpoint to a page of another origin', async () => {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const response = await redeem(await newCode(codeVerifier), codeVerifier, {}, 'https://attacker.example');

  expect(response.status).toBe(403);
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});
