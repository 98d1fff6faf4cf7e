import { TokenSource } from 'livekit-client';
import { TokenVerifier } from 'livekit-server-sdk';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunction } from '../../build/bundle.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { startOidcProvider, type RunningOidcProvider } from '../../local/oidc-provider/provider.ts';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import { startFunctionHost, type FunctionHost } from '../support/function-host.ts';
import { ROOT } from '../support/project.ts';

/** The built function, with a real provider and the real SDK against a real endpoint. */

const SECRET = 'secret-of-a-livekit-server-aaaaaaaaaaaaaaaaa';

let project: string;
let provider: RunningOidcProvider;
let secrets: SecretsManagerEndpoint;
let one: FunctionHost;
let two: FunctionHost;
let api: Server;
let apiKey: string;
const idTokens: Record<string, string> = {};

beforeAll(async () => {
  [project, provider, secrets] = await Promise.all([
    mkdtemp(join(tmpdir(), 'streampass-livekit-')),
    startOidcProvider({ port: 0 }),
    createSecretsManagerEndpoint({ port: 0 }),
  ]);
  await bundleFunction(
    join(ROOT, 'functions/livekit.ts'),
    join(project, 'dist/functions/livekit.mjs'),
    join(import.meta.dirname, 'livekit.config.ts'),
  );
  // What the function's role may read: other secrets are not there.
  for (const target of ['hall', 'backstage']) {
    const versionId = crypto.randomUUID();
    if (target === 'hall') apiKey = kidOf(versionId);
    const { error } = secrets.execute('CreateSecret', {
      Name: `streampass/local/${target}`,
      ClientRequestToken: versionId,
      SecretString: SECRET,
    });
    if (error) throw error;
  }
  const env = {
    STREAMPASS_TEST_PROJECT: project,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    OIDC_ISSUER: provider.issuer,
  };
  one = await startFunctionHost(env);
  two = await startFunctionHost({ ...env, SECOND_ADDRESS: 'wss://backstage.example.com' });
  for (const user of ['viewer', 'broadcaster', 'moderator']) {
    idTokens[user] = (await signIn({ issuer: provider.issuer, user })).idToken;
  }
  // API Gateway's part.
  api = createServer((request, response) => {
    void (async () => {
      const event = eventOf(await text(request), request.headers as Record<string, string>);
      const answer = await one.invoke('livekit', event);
      response.writeHead(answer.statusCode, answer.headers).end(answer.body);
    })();
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
});

afterAll(async () => {
  api?.close();
  await Promise.all([one?.close(), two?.close()]);
  await Promise.all([secrets?.close(), provider?.close()]);
  await rm(project, { recursive: true, force: true });
});

function eventOf(body: string, headers: Readonly<Record<string, string>>, target?: string) {
  return {
    version: '2.0',
    routeKey: target === undefined ? 'POST /livekit/token' : 'POST /livekit/token/{target}',
    rawPath: target === undefined ? '/livekit/token' : `/livekit/token/${target}`,
    headers,
    ...(target !== undefined && { pathParameters: { target } }),
    requestContext: {
      domainName: 'api.example.com',
      requestId: 'r',
      http: { method: 'POST', sourceIp: '192.0.2.1' },
    },
    body,
    isBase64Encoded: false,
  };
}

interface Asked {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly by?: FunctionHost;
}

async function ask(
  user: string,
  { body = { room_name: 'public-1' }, headers, target, by = one }: Asked = {},
) {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const all = {
    'content-type': 'application/json',
    authorization: `Bearer ${idTokens[user] ?? ''}`,
    ...headers,
  };
  const response = await by.invoke('livekit', eventOf(sent, all, target));
  return { response, answer: JSON.parse(response.body) as Record<string, string> };
}

const claimsOf = (token = '') => decodeCompactJws(token)?.claims;

describe('LiveKit’s own TokenSource.endpoint', () => {
  const source = (user: string) =>
    TokenSource.endpoint(`http://127.0.0.1:${(api.address() as AddressInfo).port}/livekit/token`, {
      headers: { Authorization: `Bearer ${idTokens[user]}` },
    });

  test('gets an address, and a token that LiveKit’s verifier accepts', async () => {
    const { serverUrl, participantToken } = await source('broadcaster').fetch({ roomName: 'studio-1' });
    expect(serverUrl).toBe('wss://live.example.com');
    const claims = await new TokenVerifier(apiKey, SECRET).verify(participantToken);
    expect(claims).toMatchObject({
      sub: 'broadcaster',
      video: { roomJoin: true, room: 'studio-1', canPublish: true, canSubscribe: true },
    });
  });

  test('keeps a token as long as it is good', async () => {
    const viewer = source('viewer');
    const [first, second] = [
      await viewer.fetch({ roomName: 'public-1' }),
      await viewer.fetch({ roomName: 'public-1' }),
    ];
    expect(second.participantToken).toBe(first.participantToken);
  });

  test('asks for more than the rules give in vain', async () => {
    const { participantToken } = await source('viewer').fetch({
      roomName: 'public-1',
      participantIdentity: 'broadcaster',
      participantName: 'The Boss',
      participantMetadata: 'admin',
      participantAttributes: { role: 'admin' },
      agentName: 'agent',
    });
    const claims = claimsOf(participantToken);
    expect(claims).toMatchObject({
      sub: 'viewer#broadcaster',
      video: { room: 'public-1', canPublish: false, roomAdmin: false },
    });
    for (const name of ['name', 'metadata', 'attributes', 'roomConfig'])
      expect(claims).not.toHaveProperty(name);
  });

  test('says the status and the reason of a refusal', async () => {
    await expect(source('viewer').fetch({ roomName: 'studio-1' })).rejects.toThrow(
      /received 403 .*"reason":"room_not_allowed"/,
    );
  });
});

describe('POST /livekit/token', () => {
  test('answers 201 with the two members of LiveKit’s format, cached by nobody', async () => {
    const { response, answer } = await ask('viewer');
    expect([response.statusCode, response.headers['cache-control']]).toEqual([201, 'no-store']);
    expect(Object.keys(answer)).toEqual(['server_url', 'participant_token']);
    expect(claimsOf(answer['participant_token'])?.['sub']).toBe('viewer');
  });

  test('makes two tabs of one user two participants', async () => {
    const names = [];
    for (const participant_identity of ['tab-1', 'tab-2', '', null]) {
      const { answer } = await ask('viewer', { body: { room_name: 'public-1', participant_identity } });
      names.push(claimsOf(answer['participant_token'])?.['sub']);
    }
    expect(names).toEqual(['viewer#tab-1', 'viewer#tab-2', 'viewer', 'viewer']);
    for (const tab of ['tab-1', 'tab-2']) expect(one.output()).toContain(`"session":"${tab}"`);
  });

  test('names a target in the path if several have an address', async () => {
    const { answer } = await ask('viewer', { target: 'backstage', by: two });
    expect(answer['server_url']).toBe('wss://backstage.example.com');
    expect((await ask('viewer', { by: two })).answer['reason']).toBe('livekit_target_unknown');
    expect((await ask('viewer', { target: 'hall' })).response.statusCode).toBe(201);
  });

  const bearer = (token: string): Asked => ({ headers: { authorization: token } });
  const sending = (body: unknown): Asked => ({ body });
  test.each<[string, number, string, Asked]>([
    ['no sign-in', 401, 'bearer_missing', bearer('')],
    ['a sign-in of another scheme', 401, 'bearer_missing', bearer('Basic a:b')],
    ['what is not a token', 401, 'subject_token_malformed', bearer('Bearer abc')],
    ['a very long token', 401, 'subject_token_too_large', bearer(`Bearer ${'a'.repeat(16_385)}`)],
    ['no JSON', 400, 'livekit_request_malformed', sending('room_name=public-1')],
    ['another content type', 400, 'livekit_request_malformed', { headers: { 'content-type': 'text/plain' } }],
    ['an array', 400, 'livekit_request_malformed', sending([])],
    ['null', 400, 'livekit_request_malformed', sending(null)],
    ['no room', 400, 'livekit_request_malformed', sending({})],
    [
      'an inherited room',
      400,
      'livekit_request_malformed',
      sending('{"__proto__":{"room_name":"public-1"}}'),
    ],
    ['a list of rooms', 400, 'livekit_request_malformed', sending({ room_name: ['public-1'] })],
    ['two rooms', 400, 'room_malformed', sending({ room_name: 'public-1 public-2' })],
    ['any room', 400, 'room_malformed', sending({ room_name: '*' })],
    ['a room’s name of 129 letters', 400, 'room_malformed', sending({ room_name: 'r'.repeat(129) })],
    [
      'another user’s session',
      400,
      'session_malformed',
      sending({ room_name: 'public-1', participant_identity: 'a#b' }),
    ],
    [
      'a number as identity',
      400,
      'livekit_request_malformed',
      sending({ room_name: 'public-1', participant_identity: 7 }),
    ],
    ['more than 64 KiB', 413, 'body_too_large', sending({ room_name: 'r'.repeat(65_536) })],
    ['another room', 403, 'room_not_allowed', sending({ room_name: 'studio-1' })],
    ['a LiveKit target without an address', 404, 'livekit_target_unknown', { target: 'backstage' }],
    ['a target of another kind', 404, 'livekit_target_unknown', { target: 'rtcstats' }],
    ['a target by an inherited name', 404, 'livekit_target_unknown', { target: 'constructor' }],
  ])('refuses %s: %i %s', async (_what, status, reason, asked) => {
    const { response, answer } = await ask('viewer', asked);
    expect([response.statusCode, answer['reason']]).toEqual([status, reason]);
    expect(answer['error_uri']).toBe(`https://api.example.com/errors#${reason}`);
    const challenge = reason === 'bearer_missing' ? 'Bearer' : 'Bearer error="invalid_token"';
    expect(response.headers['www-authenticate']).toBe(status === 401 ? challenge : undefined);
  });

  test('reads no secret of a target without an address', async () => {
    expect((await ask('viewer')).response.statusCode).toBe(201);
    expect(one.output()).not.toContain('ring.problem');
  });

  test('refuses a denied user', async () => {
    const { response, answer } = await ask('moderator');
    expect([response.statusCode, answer['reason']]).toEqual([403, 'subject_token_denied']);
  });

  test('refuses a user who asks too often, and says how long to wait', async () => {
    let last;
    for (let count = 0; count <= 30; count++) last = await ask('broadcaster', { by: two, target: 'hall' });
    expect([last?.response.statusCode, last?.answer['reason']]).toEqual([429, 'too_many_tokens']);
    expect(Number(last?.response.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('no log line holds a sign-in or a token', async () => {
    const { answer } = await ask('broadcaster', { body: { room_name: 'studio-1' } });
    expect(one.output()).toContain('"event":"token.issued"');
    expect(one.output()).toContain('"event":"token.denied"');
    for (const token of [idTokens['broadcaster'], answer['participant_token']]) {
      expect(one.output()).not.toContain(String(token).slice(-30));
    }
  });
});
