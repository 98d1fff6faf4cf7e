import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { TokenSource } from 'livekit-client';
import { TokenVerifier } from 'livekit-server-sdk';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { freePorts } from '../support/free-ports.ts';
import type { Ports } from '../../local/ports.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { buildProject, copyProject, runIn } from '../support/project.ts';
import { serviceToken } from '../support/service-token.ts';

/** The local stack with a configuration that shares nothing with the example but the way it is written. */
const OWN = `
import { antmedia, defineConfig, hours, kms, livekit, mediamtx, minutes, okta, red5, ssm } from './lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [okta({ domain: 'acme.okta.com', clientId: 'app', services: { clientId: '0oarecorder', audience: 'api://acme' } })],
  targets: {
    hall: livekit({ address: 'ws://127.0.0.1:7880', signer: kms() }),
    cameras: mediamtx({ issuer: 'acme', signer: kms({ keyId: 'alias/acme/cameras' }) }),
    studio: red5({
      secret: 'acme/studio',
      issuer: 'acme-studio',
      serverLimitMinutes: 30,
      fleet: ssm({ tag: { key: 'role', value: 'studio' } }),
      address: 'https://studio.example',
      signer: kms(),
    }),
    backup: red5({ issuer: 'acme-backup' }),
    ant: antmedia({ signer: kms() }),
  },
  grants: [
    { group: 'staff', target: 'studio', actions: ['publish'], rooms: ['news-*'], ttl: minutes(20), streamKeys: { longest: hours(2) } },
    { group: 'staff', target: 'backup', actions: ['subscribe'], rooms: ['*'], ttl: minutes(20) },
    { group: 'staff', target: 'cameras', actions: ['publish', 'read'], rooms: ['*'], ttl: hours(1) },
    { group: 'staff', target: 'ant', actions: ['publish'], rooms: ['*'], ttl: hours(1) },
    { target: 'hall', actions: ['subscribe'], rooms: ['*'], ttl: hours(1) },
    { subject: 'service', target: 'studio', actions: ['publish'], rooms: ['news-*'], ttl: minutes(5) },
  ],
}));
`;

let project: string;
let stateDir: string;
let ports: Ports;
let stack: Stack;
const idTokens: Record<string, string> = {};

beforeAll(async () => {
  [project, stateDir] = await Promise.all([
    copyProject(OWN),
    mkdtemp(join(tmpdir(), 'streampass-own-config-')),
  ]);
  await buildProject(project);
  ports = await freePorts();
  stack = await startStack({ project, stateDir, ports, profile: 'default', nodes: 2 });
  for (const user of ['staff', 'viewer']) {
    idTokens[user] = (await signIn({ issuer: stack.urls.oidc, user })).idToken;
  }
  idTokens['service'] = await serviceToken(stack.urls.oidc);
}, 120_000);

afterAll(async () => {
  await stack?.close();
  await Promise.all([project, stateDir].map((folder) => rm(folder, { recursive: true, force: true })));
});

async function exchange(user: string, parameters: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(`${stack.urls.api}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: idTokens[user] ?? '',
      ...parameters,
    }),
  });
  return (await response.json()) as Record<string, string>;
}

async function tokenOf(user: string, parameters: Record<string, string>): Promise<string> {
  const { access_token: token = '', reason } = await exchange(user, parameters);
  expect(reason).toBeUndefined();
  return token;
}

/** What a developer reads with the AWS CLI. */
async function secretOf(name: string): Promise<string> {
  const client = new SecretsManagerClient({
    endpoint: stack.urls.secrets,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const command = new GetSecretValueCommand({ SecretId: `streampass/local/${name}` });
  return (await client.send(command)).SecretString ?? '';
}

test('each target has its secret', async () => {
  const { targets } = await stack.rotate({ action: 'status' });
  expect(Object.keys(targets)).toEqual(['hall', 'cameras', 'studio', 'backup', 'ant', 'stream-keys']);
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

  test('for Ant Media is for one stream, and signed with the secret of its servers', async () => {
    const token = await tokenOf('staff', { audience: 'ant', room: 'yard' });
    const key = new TextEncoder().encode(await secretOf('ant'));
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
    expect(payload).toMatchObject({ streamId: 'yard', type: 'publish' });
  });

  test('for MediaMTX passes a verifier that fetches the public keys', async () => {
    const token = await tokenOf('staff', { audience: 'cameras', room: 'yard' });
    const keys = createRemoteJWKSet(new URL(`${stack.urls.api}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keys, { issuer: 'acme', audience: 'mediamtx' });
    expect(payload['mediamtx_permissions']).toContainEqual({ action: 'publish', path: 'yard' });
  });

  test('for MediaMTX is allowed by the callback', async () => {
    const token = await tokenOf('staff', { audience: 'cameras', room: 'yard' });
    const key = await secretOf('callers');
    const ask = (path: string) =>
      fetch(`${stack.urls.api}/mediamtx/auth?key=${key}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ action: 'publish', path, protocol: 'webrtc', token, user: '', password: '' }),
      });
    expect([(await ask('yard')).ok, (await ask('gate')).ok]).toEqual([true, false]);
  });
});

/** What each place that lets somebody in answers to the same user, and whether that is a yes. */
async function verifiers(): Promise<Readonly<Record<string, () => Promise<boolean>>>> {
  // One after another: each request at the same time as another one starts an environment.
  const studio = await tokenOf('staff', { audience: 'studio', room: 'news-1' });
  const cameras = await tokenOf('staff', { audience: 'cameras', room: 'yard' });
  const streamKey = await tokenOf('staff', {
    audience: 'studio',
    room: 'news-1',
    stream: 'main',
    requested_token_type: 'urn:streampass:token-type:stream-key',
  });
  const key = await secretOf('callers');
  const { api } = stack.urls;
  const json = { 'content-type': 'application/json' };
  const post = (path: string, headers: Record<string, string>, body: unknown) =>
    fetch(`${api}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const says = (yes: string) => async (response: Response) => (await response.text()).includes(yes);
  const red5 = { type: 'publisher', streamID: 'news-1/main', token: studio };
  return {
    'POST /token': async () => {
      const { access_token: token } = await exchange('staff', { audience: 'studio', room: 'news-1' });
      return token !== undefined;
    },
    'POST /livekit/token': async () =>
      (
        await post(
          '/livekit/token',
          { ...json, authorization: `Bearer ${idTokens['staff']}` },
          { room_name: 'lobby' },
        )
      ).ok,
    'POST /whip': async () =>
      (await post('/whip/studio/news-1/main', { authorization: `Bearer ${streamKey}` }, 'v=0')).status ===
      307,
    'POST /red5/validateCredentials': async () =>
      says('"result":true')(await post(`/red5/${key}/validateCredentials`, json, red5)),
    'POST /mediamtx/auth': async () =>
      (
        await post(`/mediamtx/auth?key=${key}`, json, {
          action: 'publish',
          path: 'yard',
          protocol: 'webrtc',
          token: cameras,
          user: '',
          password: '',
        })
      ).ok,
    'POST /introspect': async () =>
      says('"active":true')(
        await post(
          '/introspect',
          { authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded' },
          `token=${studio}`,
        ),
      ),
    'the authorizer': async () => {
      const response = await fetch(
        `http://127.0.0.1:${ports.lambda}/2015-03-31/functions/streampass-local-authorizer/invocations`,
        {
          method: 'POST',
          body: JSON.stringify({ version: '2.0', headers: { authorization: `Bearer ${studio}` } }),
        },
      );
      return says('"isAuthorized":true')(response);
    },
  };
}

test('whoever is denied is refused everywhere within 15 s', async () => {
  const asked = Object.entries(await verifiers());
  const command = (verb: string, ...more: string[]) =>
    runIn(project, [process.execPath, 'cli/deny.ts', verb, '--port', String(ports.api), ...more], {
      OIDC_ISSUER: stack.urls.oidc,
    });
  const answers = () => Promise.all(asked.map(async ([verifier, lets]) => [verifier, await lets()] as const));
  expect(await answers()).toEqual(asked.map(([verifier]) => [verifier, true]));
  const denying = command('deny', '--sub', 'staff', '--reason', 'left the company');
  await vi.waitFor(async () => expect((await command('denied')).output).toContain('staff'), 10_000);
  const denied = Date.now();
  const nowhere = asked.map(([verifier]) => [verifier, false]);
  await vi.waitFor(async () => expect(await answers()).toEqual(nowhere), { timeout: 30_000, interval: 500 });
  expect((Date.now() - denied) / 1000).toBeLessThanOrEqual(15);
  expect((await denying).code).toBe(0);
}, 90_000);
