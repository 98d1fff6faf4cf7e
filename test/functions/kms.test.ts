import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { TokenVerifier } from 'livekit-server-sdk';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { bundleFunction } from '../../build/bundle.ts';
import { kmsReader } from '../../functions/wiring/kms.ts';
import { createSecretsReader } from '../../lib/aws/secrets-reader.ts';
import { signMessage } from '../../lib/fleet/node-message.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { createDynamoEndpoint, type DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
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
import { sdkClient } from '../local/secrets-manager/sdk-client.ts';

/** The built functions with keys in KMS: the real SDK against endpoints that speak the protocols of KMS and Secrets Manager. */

const FUNCTIONS = ['token', 'keys', 'callbacks', 'nodes', 'rotate'];
const PAIRS = ['cams', 'meet', 'own'];
const TARGETS = [...PAIRS, 'live', 'hall'];
const CALLERS_SECRET = 'callers-secret-of-43-characters-aaaaaaaaaaa';

let project: string;
let provider: RunningOidcProvider;
let secrets: SecretsManagerEndpoint;
let kms: KmsEndpoint;
let dynamo: DynamoEndpoint;
let host: FunctionHost;
let idToken: string;
/** What Secrets Manager was asked for the value of. */
const valuesRead: string[] = [];
/** What goes wrong with whatever KMS signs or verifies. */
let fault: KmsFault | undefined;

beforeAll(async () => {
  [project, provider, secrets, kms, dynamo] = await Promise.all([
    mkdtemp(join(tmpdir(), 'streampass-kms-')),
    startOidcProvider({ port: 0 }),
    createSecretsManagerEndpoint({
      port: 0,
      faults(operation, input) {
        if (operation === 'GetSecretValue') valuesRead.push(String(input['SecretId']));
        return undefined;
      },
    }),
    createKmsEndpoint({ port: 0, faults: (operation) => (/Sign|Mac/.test(operation) ? fault : undefined) }),
    createDynamoEndpoint({ port: 0 }),
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
  host = await startHost();
  ({ idToken } = await signIn({ issuer: provider.issuer, user: 'viewer' }));
  // The first run makes the keys, before any function asks for one.
  await rotate('advance');
});

afterAll(async () => {
  await host?.close();
  await Promise.all([secrets?.close(), kms?.close(), dynamo?.close(), provider?.close()]);
  await rm(project, { recursive: true, force: true });
});

beforeEach(() => {
  fault = undefined;
});

function startHost(): Promise<FunctionHost> {
  return startFunctionHost({
    STREAMPASS_TEST_PROJECT: project,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_KMS: kms.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    NODES_TABLE: 'nodes',
    OIDC_ISSUER: provider.issuer,
    RED5_CALLER_SECRET_ID: 'callers',
  });
}

/** The version under a label, as a server with its own rights gets it. */
function heldByServers(target: string, label = 'AWSCURRENT'): { versionId: string; text: string } {
  const { output } = secrets.execute('GetSecretValue', {
    SecretId: `streampass/local/${target}`,
    VersionStage: label,
  });
  return { versionId: String(output?.['VersionId']), text: String(output?.['SecretString']) };
}

async function introspect(token: string): Promise<unknown> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from(`server:${CALLERS_SECRET}`).toString('base64')}`,
  };
  const body = new URLSearchParams({ token }).toString();
  const response = await host.invoke('callbacks', { rawPath: '/introspect', headers, body });
  return { status: response.statusCode, ...(JSON.parse(response.body) as object) };
}

async function rotate(action: string, targets?: readonly string[]): Promise<RotationReport> {
  return (await host.invoke('rotate', { action, targets })) as unknown as RotationReport;
}

async function exchange(audience: string, room = 'lobby', by = host) {
  const event = tokenEvent({ subject_token: idToken, audience, room });
  const { statusCode, body, headers } = await by.invoke('token', event);
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
    expect(await introspect(answer['access_token'] ?? '')).toMatchObject({ active: true });
  });

  test('holds up no other target, and no value of its secret is ever read', async () => {
    expect((await exchange('own')).statusCode).toBe(200);
    expect(new Set(valuesRead.map((id) => /local[/:](\w+)/.exec(id)?.[1] ?? id))).toEqual(
      new Set(['own', 'callers']),
    );
  });
});

describe('a token that KMS signs with a shared secret', () => {
  test('is accepted by LiveKit’s own library, with the text that the server holds', async () => {
    const { answer } = await exchange('hall');
    const { versionId, text } = heldByServers('hall');
    const verifier = new TokenVerifier(versionId.slice(0, 8), text);
    await expect(verifier.verify(answer['access_token'] ?? '')).resolves.toMatchObject({
      video: { room: 'lobby', canPublish: true },
    });
    await expect(
      new TokenVerifier(versionId.slice(0, 8), `${text}x`).verify(answer['access_token'] ?? ''),
    ).rejects.toThrow(/signature/);
  });

  test('costs one call of KMS, and so does the first question about it, and each about one that looks like it', async () => {
    await exchange('live');
    const before = kms.calls.length;
    const since = () => kms.calls.slice(before);
    const token = (await exchange('live')).answer['access_token'] ?? '';
    expect(since()).toEqual(['GenerateMac']);
    await introspect('warm.up.please');
    const [header = '', claims = ''] = token.split('.');
    expect(await introspect(token)).toMatchObject({ active: true, target: 'live' });
    expect(await introspect(token)).toMatchObject({ active: true, target: 'live' });
    expect(since()).toEqual(['GenerateMac', 'VerifyMac']);
    const forged = `${header}.${claims}.${Buffer.alloc(32).toString('base64url')}`;
    for (let times = 0; times < 2; times++)
      expect(await introspect(forged)).toEqual({ status: 200, active: false });
    expect(since()).toEqual(['GenerateMac', 'VerifyMac', 'VerifyMac', 'VerifyMac']);
    for (const bad of [`${header}.${claims}.AAAA`, `${header}.e30.${forged.split('.')[2]}`, 'x.y.z', ''])
      expect(await introspect(bad)).toMatchObject({ status: 200, active: false });
    expect(since()).toHaveLength(4);
  });

  test('is no longer than KMS makes a MAC of: a longer one is refused, and costs no call', async () => {
    const { stages } = createSecretsReader(sdkClient(secrets));
    const options = { keyId: 'alias/streampass/local/live', signing: 'HS256' } as const;
    vi.stubEnv('AWS_ENDPOINT_URL_KMS', kms.url);
    const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
    const reader = kmsReader({ stages, value: async () => ({}) }, 'live', options, env);
    const key = (await reader.value('', heldByServers('live').versionId)).kms ?? { problem: 'none' };
    if ('problem' in key || key.alg !== 'HS256') return expect.unreachable();
    const before = kms.calls.length;
    await expect(key.sign(Buffer.alloc(4097))).rejects.toMatchObject({ reason: 'token_too_long' });
    const [header = '', , signature = ''] = signMessage(
      {
        aud: 'live',
        node: 'n',
        instance: 'i'.repeat(32),
        iat: 0,
        jti: 'j',
        report: { version: 1, problems: [] },
      },
      heldByServers('live'),
    ).split('.');
    for (const unfit of [`${header}.${'A'.repeat(4096)}.${signature}`, `${header}.e30.AAAA`, 'x', ''])
      expect(await key.verify(unfit)).toBe(false);
    expect(kms.calls.length).toBe(before);
    expect(await key.sign(Buffer.alloc(4096))).toHaveLength(32);
    vi.unstubAllEnvs();
  });

  test('comes with a second one while a rotation needs it, each for servers that hold one of the two', async () => {
    await rotate('start', ['live']);
    const fresh = await startHost();
    try {
      await exchange('live', 'lobby', fresh);
      const before = kms.calls.length;
      const { answer } = await exchange('live', 'lobby', fresh);
      expect(kms.calls.slice(before)).toEqual(['GenerateMac', 'GenerateMac']);
      for (const [member, label] of [
        ['access_token', 'AWSCURRENT'],
        ['fallback_token', 'AWSPENDING'],
      ] as const)
        await expect(
          jwtVerify(answer[member] ?? '', Buffer.from(heldByServers('live', label).text)),
        ).resolves.toMatchObject({ payload: { iss: 'streampass' } });
    } finally {
      await fresh.close();
      await rotate('abort', ['live']);
    }
  });

  test('and a report of a server that holds the secret is proven by one call, one that is too old by none', async () => {
    const held = heldByServers('live');
    const report = { version: 1, fingerprint: fingerprintOf(held.text), problems: [] } as const;
    const send = async (iat: number, key: typeof held) => {
      const message = { aud: 'live', node: 'n', instance: 'i'.repeat(32), iat, jti: 'j', report };
      const event = { rawPath: '/nodes/live', headers: {}, body: signMessage(message, key) };
      const before = kms.calls.length;
      const { statusCode, body } = await host.invoke('nodes', event);
      return [statusCode, kms.calls.slice(before), JSON.parse(body) as unknown] as const;
    };
    const now = Date.now() / 1000;
    await send(now - 1, held);
    expect(await send(now, held)).toEqual([200, ['VerifyMac'], { servers: held.versionId }]);
    expect((await send(now - 100, held))[1]).toEqual([]);
    expect(await send(now, { ...held, text: 'x'.repeat(86) })).toEqual([
      401,
      ['VerifyMac'],
      { reason: 'message_unproven' },
    ]);
  });
});

test('if KMS does not answer, a question about a token is answered with 503, and one about a bad token as ever', async () => {
  const token = (await exchange('live')).answer['access_token'] ?? '';
  const [header = '', claims = '', signature = ''] = token.split('.');
  const ended = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), exp: 1 };
  const bad = `${header}.${Buffer.from(JSON.stringify(ended)).toString('base64url')}.${signature}`;
  fault = { code: 'ThrottlingException' };
  expect(await introspect(token)).toMatchObject({ status: 503, error: 'temporarily_unavailable' });
  expect(await introspect(bad)).toEqual({ status: 200, active: false });
  fault = undefined;
  expect(await introspect(token)).toMatchObject({ status: 200, active: true });
  // What was verified is remembered, as docs/servers.md says.
  fault = { code: 'DisabledException' };
  expect(await introspect(token)).toMatchObject({ status: 200, active: true });
});

describe('without a signature', () => {
  test.each([
    ['throttles', { code: 'ThrottlingException' }],
    ['denies the call', { code: 'AccessDeniedException' }],
    ['has lost the key', { code: 'KMSInvalidStateException' }],
    ['fails', { code: 'KMSInternalException' }],
    ['does not answer', 'hang'],
  ] as const)('the answer is 503 with a reason if KMS %s', async (_what, broken) => {
    const target = broken === 'hang' ? 'live' : 'cams';
    await exchange(target);
    fault = broken;
    const { statusCode, headers, answer } = await exchange(target);
    expect(statusCode).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(answer).toMatchObject({ error: 'temporarily_unavailable', reason: 'signing_unavailable' });
    expect(host.output()).toContain(`"event":"signer.problem","target":"${target}"`);
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
  const fresh = await startHost();
  try {
    const { body } = await fresh.invoke('keys', { rawPath: '/.well-known/jwks.json', headers: {} });
    expect((JSON.parse(body) as JSONWebKeySet).keys).toHaveLength(before + PAIRS.length);
  } finally {
    await fresh.close();
  }
});

test.each(['token', 'keys', 'callbacks', 'nodes'])(
  'the bundle of %s can neither make nor end a key',
  async (name) => {
    const text = await readFile(join(project, `dist/functions/${name}.mjs`), 'utf8');
    expect(text).toContain('GetPublicKey');
    expect(text).not.toMatch(
      /CreateKey|CreateAlias|ImportKeyMaterial|UpdateKeyDescription|ScheduleKeyDeletion|DisableKey|PutKeyPolicy|CreateGrant/,
    );
  },
);
