import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startOidcProvider } from '../../../local/oidc-provider/provider.ts';
import type { OidcProviderOptions } from '../../../local/oidc-provider/provider.ts';
import { signIn } from '../../../local/oidc-provider/sign-in.ts';

let directory: string;
let keysFile: string;
let closeAll: (() => Promise<void>)[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'streampass-keys-'));
  keysFile = join(directory, 'state', 'oidc-keys.json');
  closeAll = [];
});

afterEach(async () => {
  await Promise.all(closeAll.map((close) => close()));
  await rm(directory, { recursive: true });
});

async function start(options: Partial<OidcProviderOptions> = {}) {
  const provider = await startOidcProvider({ port: 0, ...options });
  closeAll.push(() => provider.close());
  return provider;
}

const idTokenOf = async (issuer: string) => (await signIn({ issuer, user: 'viewer' })).idToken;

const verify = (idToken: string, issuer: string) =>
  jwtVerify(idToken, createRemoteJWKSet(new URL(`${issuer}/jwks`)), { issuer });

test('keeps its keys over a restart, so that ID tokens stay valid', async () => {
  const first = await startOidcProvider({ port: 0, keysFile });
  const idToken = await idTokenOf(first.issuer);
  await first.close();

  const { issuer } = await start({ port: first.port, keysFile });

  await expect(verify(idToken, issuer)).resolves.toMatchObject({ payload: { sub: 'viewer' } });
});

test('makes other keys for each provider that keeps none', async () => {
  const kids = await Promise.all(
    [await start(), await start()].map(
      async ({ issuer }) => decodeProtectedHeader(await idTokenOf(issuer)).kid,
    ),
  );

  expect(new Set(kids).size).toBe(2);
});

test('lets only its owner read the keys, and leaves no other file', async () => {
  await start({ keysFile });

  expect((await stat(keysFile)).mode & 0o777).toBe(0o600);
  expect(await readdir(dirname(keysFile))).toEqual(['oidc-keys.json']);
});

test.each([
  ['is not JSON', 'not json'],
  ['is not an object', 'null'],
  ['has no keys', '{"keys":[]}'],
])('rejects a keys file that %s', async (_title, content) => {
  const file = join(directory, 'broken.json');
  await writeFile(file, content);

  await expect(startOidcProvider({ port: 0, keysFile: file })).rejects.toThrow(
    `${file} is not a JWK Set with keys: remove it to get new keys`,
  );
});

test('signs with new keys after a rotation and still publishes the ones before', async () => {
  const { issuer, rotateKeys } = await start();
  const before = await idTokenOf(issuer);

  await rotateKeys();
  const after = await idTokenOf(issuer);

  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  await expect(verify(before, issuer)).resolves.toBeDefined();
  await expect(verify(after, issuer)).resolves.toBeDefined();
});

test('makes older ID tokens worthless when it withdraws their keys', async () => {
  const { issuer, rotateKeys } = await start();
  const before = await idTokenOf(issuer);

  await rotateKeys({ withdraw: true });

  await expect(verify(before, issuer)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await expect(verify(await idTokenOf(issuer), issuer)).resolves.toBeDefined();
});

test('keeps rotated keys over a restart', async () => {
  const first = await startOidcProvider({ port: 0, keysFile });
  await first.rotateKeys();
  const idToken = await idTokenOf(first.issuer);
  await first.close();

  const { issuer } = await start({ port: first.port, keysFile });

  expect(decodeProtectedHeader(await idTokenOf(issuer)).kid).toBe(decodeProtectedHeader(idToken).kid);
});
