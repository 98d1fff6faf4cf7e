import { afterEach, expect, test } from 'vitest';
import { startOidcProvider } from '../../../local/oidc-provider/provider.ts';
import type { RunningOidcProvider } from '../../../local/oidc-provider/provider.ts';
import { signIn } from '../../../local/oidc-provider/sign-in.ts';

const running: RunningOidcProvider[] = [];

async function start(options: Partial<Parameters<typeof startOidcProvider>[0]> = {}) {
  const provider = await startOidcProvider({ port: 0, ...options });
  running.push(provider);
  return provider;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((provider) => provider.close()));
});

test('publishes a discovery document for the code flow with PKCE', async () => {
  const { issuer } = await start();

  const response = await fetch(`${issuer}/.well-known/openid-configuration`);

  expect(await response.json()).toMatchObject({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/session/end`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: expect.arrayContaining(['openid', 'profile', 'email']),
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
  });
});

test('publishes no private part of a key', async () => {
  const { issuer } = await start();

  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: Record<string, unknown>[] };

  expect(keys.map((key) => key['alg'])).toEqual(['RS256', 'ES256', 'EdDSA']);
  for (const key of keys) {
    for (const privatePart of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(privatePart);
  }
});

test.each(['localhost', '127.0.0.1'])('answers at %s', async (host) => {
  const { port } = await start();

  expect((await fetch(`http://${host}:${port}/jwks`)).status).toBe(200);
});

test('takes the issuer that it is given', async () => {
  const { issuer, port } = await start({ issuer: 'http://idp.localhost:4000' });

  const response = await fetch(`http://localhost:${port}/.well-known/openid-configuration`);

  expect(issuer).toBe('http://idp.localhost:4000');
  expect(await response.json()).toMatchObject({ issuer });
});

test('rejects a port that is taken', async () => {
  const { port } = await start();

  await expect(startOidcProvider({ port })).rejects.toThrow(
    `port ${port} is taken: end the program that listens on localhost:${port}`,
  );
});

test('frees its port when it closes', async () => {
  const first = await startOidcProvider({ port: 0 });
  await signIn({ issuer: first.issuer, user: 'viewer' });
  await first.close();

  const second = await start({ port: first.port });

  expect(second.issuer).toBe(first.issuer);
});

test('frees its port when it cannot start', async () => {
  const { port, close } = await startOidcProvider({ port: 0 });
  await close();

  await expect(startOidcProvider({ port, issuer: 'localhost' })).rejects.toThrow(
    'Issuer Identifier must be a valid web uri',
  );

  expect((await start({ port })).port).toBe(port);
});
