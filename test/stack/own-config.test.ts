import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { TokenSource } from 'livekit-client';
import { TokenVerifier } from 'livekit-server-sdk';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { freePorts } from '../support/free-ports.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { buildProject, copyProject } from '../support/project.ts';
import { serviceToken } from '../support/service-token.ts';

/** The local stack with a configuration that shares nothing with the example but the way it is written. */
const OWN = `
import { defineConfig, hours, kms, livekit, mediamtx, minutes, okta, red5, ssm } from './lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [okta({ domain: 'acme.okta.com', clientId: 'app', services: { clientId: '0oarecorder', audience: 'api://acme' } })],
  targets: {
    hall: livekit({ address: 'ws://127.0.0.1:7880' }),
    cameras: mediamtx({ issuer: 'acme', signer: kms({ keyId: 'alias/acme/cameras' }) }),
    studio: red5({
      secret: 'acme/studio',
      issuer: 'acme-studio',
      serverLimitMinutes: 30,
      fleet: ssm({ tag: { key: 'role', value: 'studio' } }),
    }),
    backup: red5({ issuer: 'acme-backup' }),
  },
  grants: [
    { group: 'staff', target: 'studio', actions: ['publish'], rooms: ['news-*'], ttl: minutes(20) },
    { group: 'staff', target: 'backup', actions: ['subscribe'], rooms: ['*'], ttl: minutes(20) },
    { group: 'staff', target: 'cameras', actions: ['publish', 'read'], rooms: ['*'], ttl: hours(1) },
    { target: 'hall', actions: ['subscribe'], rooms: ['*'], ttl: hours(1) },
    { subject: 'service', target: 'studio', actions: ['publish'], rooms: ['news-*'], ttl: minutes(5) },
  ],
}));
`;

let project: string;
let stateDir: string;
let stack: Stack;
const idTokens: Record<string, string> = {};

beforeAll(async () => {
  [project, stateDir] = await Promise.all([
    copyProject(OWN),
    mkdtemp(join(tmpdir(), 'streampass-own-config-')),
  ]);
  await buildProject(project);
  stack = await startStack({ project, stateDir, ports: await freePorts(), profile: 'default', nodes: 2 });
  for (const user of ['staff', 'viewer']) {
    idTokens[user] = (await signIn({ issuer: stack.urls.oidc, user })).idToken;
  }
  idTokens['service'] = await serviceToken(stack.urls.oidc);
}, 120_000);

afterAll(async () => {
  await stack?.close();
  await Promise.all([project, stateDir].map((folder) => rm(folder, { recursive: true, force: true })));
});

async function tokenOf(user: string, parameters: Record<string, string>): Promise<string> {
  const response = await fetch(`${stack.urls.api}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: idTokens[user] ?? '',
      ...parameters,
    }),
  });
  const { access_token: token = '', reason } = (await response.json()) as Record<string, string>;
  expect(reason).toBeUndefined();
  return token;
}

/** What a developer reads with the AWS CLI. */
async function callersSecret(): Promise<string> {
  const client = new SecretsManagerClient({
    endpoint: stack.urls.secrets,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const command = new GetSecretValueCommand({ SecretId: 'streampass/local/callers' });
  return (await client.send(command)).SecretString ?? '';
}

test('each target has its secret', async () => {
  const { targets } = await stack.rotate({ action: 'status' });
  expect(Object.keys(targets)).toEqual(['hall', 'cameras', 'studio', 'backup']);
  for (const { phase } of Object.values(targets)) expect(phase).toBe('steady');
});

test('each group of the rules has a user', () => {
  expect(stack.users.map(({ sub }) => sub)).toEqual(['broadcaster', 'viewer', 'moderator', 'staff']);
});

test('the demo page has a tab for each target that has media servers', async () => {
  const { servers } = (await (await fetch(`${stack.urls.page}/config.json`)).json()) as {
    servers: { target: string; kind: string; url: string }[];
  };
  expect(servers).toEqual(
    ['studio', 'backup'].map((target) => ({ target, kind: 'red5', url: stack.servers[target] })),
  );
});

describe('a token', () => {
  test.each([
    ['staff', 'studio', { room: 'news-1' }, { action: 'publish', room: 'news-1', transport: 'WHIP' }],
    ['staff', 'backup', { room: 'any' }, { action: 'subscribe', room: 'any', transport: 'WHEP' }],
    ['service', 'studio', { room: 'news-1' }, { action: 'publish', room: 'news-1', transport: 'RTMP' }],
  ])(
    'of %s for %s is accepted by every node that stands for its servers',
    async (user, audience, asked, attempt) => {
      const token = await tokenOf(user, { audience, ...asked });
      for (const node of [0, 1]) {
        const response = await fetch(`${stack.servers[audience]}/connect?node=${node}`, {
          method: 'POST',
          body: JSON.stringify({ token, ...attempt }),
        });
        expect(response.status).toBe(200);
      }
    },
  );

  test('for LiveKit passes its own verifier with the key ring file that the start screen names', async () => {
    const token = await tokenOf('viewer', { audience: 'hall', room: 'lobby' });
    const { servers } = stack.targets['hall']!;
    if (servers.by !== 'key ring file') throw new Error(`LiveKit's servers are given a ${servers.by}`);
    const ring = JSON.parse(await readFile(servers.file, 'utf8')) as Record<string, string>;
    const apiKey = decodeJwt(token).iss ?? '';
    const { video } = await new TokenVerifier(apiKey, ring[apiKey] ?? '').verify(token);
    expect(video).toMatchObject({ roomJoin: true, room: 'lobby', canPublish: false, canSubscribe: true });
  });

  test('for LiveKit is given to LiveKit’s own SDK, and to a page of this machine', async () => {
    const endpoint = `${stack.urls.api}/livekit/token`;
    const source = TokenSource.endpoint(endpoint, {
      headers: { Authorization: `Bearer ${idTokens['viewer']}` },
    });
    const { serverUrl, participantToken } = await source.fetch({ roomName: 'lobby' });
    expect(serverUrl).toBe('ws://127.0.0.1:7880');
    expect(decodeJwt(participantToken)).toMatchObject({ sub: 'viewer', video: { room: 'lobby' } });

    const named = await fetch(`${endpoint}/hall`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${idTokens['viewer']}` },
      body: '{"room_name":"lobby"}',
    });
    expect(named.status).toBe(201);

    const preflight = await fetch(endpoint, {
      method: 'OPTIONS',
      headers: {
        origin: stack.urls.page,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(stack.urls.page);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });

  test('for MediaMTX passes a verifier that fetches the public keys', async () => {
    const token = await tokenOf('staff', { audience: 'cameras', room: 'yard' });
    const keys = createRemoteJWKSet(new URL(`${stack.urls.api}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keys, { issuer: 'acme', audience: 'mediamtx' });
    expect(payload['mediamtx_permissions']).toContainEqual({ action: 'publish', path: 'yard' });
  });

  test('for MediaMTX is allowed by the callback', async () => {
    const token = await tokenOf('staff', { audience: 'cameras', room: 'yard' });
    const key = await callersSecret();
    const ask = (path: string) =>
      fetch(`${stack.urls.api}/mediamtx/auth?key=${key}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ action: 'publish', path, protocol: 'webrtc', token, user: '', password: '' }),
      });
    expect([(await ask('yard')).ok, (await ask('gate')).ok]).toEqual([true, false]);
  });
});
