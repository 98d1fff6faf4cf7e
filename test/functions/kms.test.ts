import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleFunction } from '../../build/bundle.ts';
import { createKmsEndpoint, type KmsEndpoint, type KmsFault } from '../../local/kms/endpoint.ts';
import { startOidcProvider, type RunningOidcProvider } from '../../local/oidc-provider/provider.ts';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import { seedEmptySecrets } from '../../local/secrets-manager/seed.ts';
import type { RotationReport } from '../../lib/rotation/report.ts';
import { startFunctionHost, tokenEvent, type FunctionHost } from '../support/function-host.ts';
import { ROOT } from '../support/project.ts';

/** The built functions with keys in KMS: the real SDK against endpoints that speak the protocols of KMS and Secrets Manager. */

const FUNCTIONS = ['token', 'keys', 'callbacks', 'rotate'];
const TARGETS = ['cams', 'meet', 'own'];
const CALLERS_SECRET = 'callers-secret-of-43-characters-aaaaaaaaaaa';

let project: string;
let provider: RunningOidcProvider;
let secrets: SecretsManagerEndpoint;
let kms: KmsEndpoint;
let host: FunctionHost;
let idToken: string;
/** What Secrets Manager was asked for the value of. */
const valuesRead: string[] = [];
/** What goes wrong with a signature. */
let fault: KmsFault | undefined;

beforeAll(async () => {
  [project, provider, secrets, kms] = await Promise.all([
    mkdtemp(join(tmpdir(), 'streampass-kms-')),
    startOidcProvider({ port: 0 }),
    createSecretsManagerEndpoint({
      port: 0,
      faults(operation, input) {
        if (operation === 'GetSecretValue') valuesRead.push(String(input['SecretId']));
        return undefined;
      },
    }),
    createKmsEndpoint({ port: 0, faults: (operation) => (operation === 'Sign' ? fault : undefined) }),
  ]);
  const config = join(import.meta.dirname, 'kms.config.ts');
  await Promise.all(
    FUNCTIONS.map((name) =>
      bundleFunction(join(ROOT, `functions/${name}.ts`), join(project, `dist/functions/${name}.mjs`), config),
    ),
  );
  seedEmptySecrets(
    secrets,
    TARGETS.map((name) => `streampass/local/${name}`),
  );
  secrets.execute('CreateSecret', {
    Name: 'callers',
    ClientRequestToken: crypto.randomUUID(),
    SecretString: CALLERS_SECRET,
  });
  host = await startFunctionHost({
    STREAMPASS_TEST_PROJECT: project,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_KMS: kms.url,
    OIDC_ISSUER: provider.issuer,
    RED5_CALLER_SECRET_ID: 'callers',
  });
  ({ idToken } = await signIn({ issuer: provider.issuer, user: 'viewer' }));
  // The first run makes the keys, before any function asks for one.
  await rotate('advance');
});

afterAll(async () => {
  await host?.close();
  await Promise.all([secrets?.close(), kms?.close(), provider?.close()]);
  await rm(project, { recursive: true, force: true });
});

beforeEach(() => {
  fault = undefined;
});

async function rotate(action: string): Promise<RotationReport> {
  return (await host.invoke('rotate', { action })) as unknown as RotationReport;
}

async function exchange(audience: string, room = 'lobby') {
  const event = tokenEvent({ subject_token: idToken, audience, room });
  const { statusCode, body, headers } = await host.invoke('token', event);
  return { statusCode, headers, answer: JSON.parse(body) as Record<string, string> };
}

async function keySet(): Promise<JSONWebKeySet> {
  const { body } = await host.invoke('keys', { rawPath: '/.well-known/jwks.json', headers: {} });
  return JSON.parse(body) as JSONWebKeySet;
}

describe('a token that KMS signs', () => {
  test.each([
    ['cams', 'ES256'],
    ['meet', 'RS256'],
  ])('of %s is accepted by whoever fetched the public keys (%s)', async (target, alg) => {
    const { statusCode, answer } = await exchange(target);
    expect(statusCode).toBe(200);
    const token = answer['access_token'] ?? '';
    expect(decodeProtectedHeader(token)).toMatchObject({ alg, typ: 'JWT' });
    await expect(jwtVerify(token, createLocalJWKSet(await keySet()))).resolves.toMatchObject({
      payload: { iss: 'streampass' },
    });
  });

  test('costs one call of KMS, and no other', async () => {
    await exchange('cams');
    const before = kms.calls.length;
    await exchange('cams');
    expect(kms.calls.slice(before)).toEqual(['Sign']);
    await exchange('own');
    expect(kms.calls.slice(before)).toEqual(['Sign']);
  });

  test('is good to servers that ask about it', async () => {
    const { answer } = await exchange('cams');
    const body = new URLSearchParams({ token: answer['access_token'] ?? '' }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`server:${CALLERS_SECRET}`).toString('base64')}`,
    };
    const response = await host.invoke('callbacks', { rawPath: '/introspect', headers, body });
    expect(JSON.parse(response.body)).toMatchObject({ active: true });
  });

  test('holds up no other target, and no value of its secret is ever read', async () => {
    expect((await exchange('own')).statusCode).toBe(200);
    expect(new Set(valuesRead.map((id) => /local[/:](\w+)/.exec(id)?.[1] ?? id))).toEqual(
      new Set(['own', 'callers']),
    );
  });
});

describe('without a signature', () => {
  test.each([
    ['throttles', { code: 'ThrottlingException' }],
    ['denies the call', { code: 'AccessDeniedException' }],
    ['has lost the key', { code: 'KMSInvalidStateException' }],
    ['fails', { code: 'KMSInternalException' }],
    ['does not answer', 'hang'],
  ] as const)('the answer is 503 with a reason if KMS %s', async (_what, broken) => {
    await exchange('cams');
    fault = broken;
    const { statusCode, headers, answer } = await exchange('cams');
    expect(statusCode).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(answer).toMatchObject({ error: 'temporarily_unavailable', reason: 'signing_unavailable' });
    expect(host.output()).toContain('"event":"signer.problem","target":"cams"');
    expect(host.output()).not.toContain('token.defect');
  });
});

test('a rotation makes a key in KMS under an alias of its version, and both are published', async () => {
  const before = (await keySet()).keys.length;
  const { targets } = await rotate('start');
  expect(targets['cams']).toMatchObject({ phase: 'announced' });
  const { Aliases } = kms.execute('ListAliases', {}) as { Aliases: { AliasName: string }[] };
  const names = Aliases.map(({ AliasName }) => AliasName);
  expect(names.filter((name) => name.startsWith('alias/streampass/local/cams/'))).toHaveLength(2);
  expect(names.filter((name) => name.startsWith('alias/company/meet/'))).toHaveLength(2);
  expect(names).toContain(`alias/streampass/local/cams/${targets['cams']?.fallback}`);
  // Another function, which has read no keys before.
  const fresh = await startFunctionHost({
    STREAMPASS_TEST_PROJECT: project,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_KMS: kms.url,
    OIDC_ISSUER: provider.issuer,
  });
  try {
    const { body } = await fresh.invoke('keys', { rawPath: '/.well-known/jwks.json', headers: {} });
    expect((JSON.parse(body) as JSONWebKeySet).keys).toHaveLength(before + TARGETS.length);
  } finally {
    await fresh.close();
  }
});

test.each(['token', 'keys', 'callbacks'])('the bundle of %s can neither make nor end a key', async (name) => {
  const text = await readFile(join(project, `dist/functions/${name}.mjs`), 'utf8');
  expect(text).toContain('GetPublicKey');
  expect(text).not.toMatch(/CreateKey|CreateAlias|ScheduleKeyDeletion|DisableKey|PutKeyPolicy|CreateGrant/);
});
