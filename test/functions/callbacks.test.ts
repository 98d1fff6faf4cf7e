import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { fixtureConfig } from '../support/config.ts';
import { startFunctionHost } from '../support/function-host.ts';
import type { FunctionHost } from '../support/function-host.ts';

const config = fixtureConfig();

/** The built functions that verify tokens and publish keys, with the real SDK against a real endpoint. */

const V1 = {
  id: '11111111-0000-4000-8000-000000000001',
  text: 'first-secret-of-43-characters-aaaaaaaaaaaaa',
};
const V2 = {
  id: '22222222-0000-4000-8000-000000000002',
  text: 'second-secret-of-43-characters-aaaaaaaaaaaa',
};
const CALLER = 'callers-secret-of-43-characters-aaaaaaaaaaa';

let secrets: SecretsManagerEndpoint;
let host: FunctionHost;
const hosts: FunctionHost[] = [];

async function start(env: Record<string, string> = {}): Promise<FunctionHost> {
  const started = await startFunctionHost({
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    RED5_CALLER_SECRET_ID: 'streampass/callers',
    ...env,
  });
  hosts.push(started);
  return started;
}

function call(operation: string, input: Record<string, unknown>): void {
  const { error } = secrets.execute(operation, { ClientRequestToken: crypto.randomUUID(), ...input });
  if (error) throw error;
}

beforeAll(async () => {
  secrets = await createSecretsManagerEndpoint({ port: 0 });
  call('CreateSecret', { Name: 'streampass/callers', SecretString: CALLER });
  call('CreateSecret', { Name: 'streampass/local/jitsi' });
  call('CreateSecret', { Name: 'streampass/local/rtcstats' });
  call('CreateSecret', { Name: 'streampass/local/red5', SecretString: V1.text, ClientRequestToken: V1.id });
  const pending = { SecretString: V2.text, ClientRequestToken: V2.id, VersionStages: ['AWSPENDING'] };
  call('PutSecretValue', { SecretId: 'streampass/local/red5', ...pending });
  host = await start();
});
afterAll(async () => {
  await Promise.all(hosts.map((each) => each.close()));
  await secrets.close();
});

async function tokenOf({ id, text }: typeof V1): Promise<string> {
  const target = config.targets['red5'];
  if (target === undefined) throw new Error('the default configuration has a target red5');
  const now = Date.now() / 1000;
  const person: Identity = {
    issuer: 'https://id.example',
    subject: 'person-1',
    groups: [],
    claims: {},
    expiresAt: 0,
  };
  const ring = { current: { alg: 'HS256' as const, kid: kidOf(id), key: hmacKey(text) }, readAt: now };
  const grant = { actions: ['publish'], rooms: ['lobby'], transports: ['WHIP' as const], ttlSeconds: 600 };
  const issuance = { now, jti: 'jti-1', session: 'visit-1', sessionNamed: true, transportsNamed: false };
  return (await issueToken(target, 'red5', grant, person, ring, issuance)).token;
}

function validate(token: string, path: string, more: Record<string, unknown> = {}) {
  const body = { type: 'publisher', username: 'jwt', password: 'jwt', streamID: 'lobby', token };
  return { rawPath: path, headers: {}, body: JSON.stringify(body), isBase64Encoded: false, ...more };
}

const ALLOWED = { statusCode: 200, body: '{"result":true}' };
const DENIED = { statusCode: 200, body: '{"result":false}' };

describe('the callbacks function', async () => {
  test.each([
    ['current', V1],
    ['pending', V2],
  ])('accepts a token under the %s secret', async (_label, version) => {
    const event = validate(await tokenOf(version), '/red5/validateCredentials', {
      queryStringParameters: { key: CALLER },
    });
    expect(await host.invoke('callbacks', event)).toMatchObject(ALLOWED);
  });

  test('takes the callers’ secret from the path, for a server whose path is fixed', async () => {
    const path = `/red5/${CALLER}/validateCredentials`;
    const event = validate(await tokenOf(V1), path, { pathParameters: { key: CALLER } });
    expect(await host.invoke('callbacks', event)).toMatchObject(ALLOWED);
  });

  test.each([
    ['without the callers’ secret', validate(await tokenOf(V1), '/red5/validateCredentials')],
    [
      'to another path',
      validate(await tokenOf(V1), '/red5/other', { queryStringParameters: { key: CALLER } }),
    ],
    ['that is none', null],
    ['whose parts are of other types', { rawPath: 7, headers: null, body: 7, queryStringParameters: [] }],
  ])('answers no to an event %s', async (_name, event) => {
    expect(await host.invoke('callbacks', event)).toMatchObject(DENIED);
  });

  test('answers nobody where no callers’ secret is configured', async () => {
    const closed = await start({ RED5_CALLER_SECRET_ID: '' });
    const event = validate(await tokenOf(V1), '/red5/validateCredentials', {
      queryStringParameters: { key: '' },
    });
    expect(await closed.invoke('callbacks', event)).toMatchObject(DENIED);
  });

  test('answers no, with status 200, while Secrets Manager is down', async () => {
    const cut = await start({ AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' });
    const event = validate(await tokenOf(V1), '/red5/validateCredentials', {
      queryStringParameters: { key: CALLER },
    });
    expect(await cut.invoke('callbacks', event)).toMatchObject(DENIED);
    expect(cut.output()).toContain('"reason":"secret_unavailable"');
  });

  test('answers no, with status 200, while the deny table cannot be read', async () => {
    const cut = await start({ DENY_TABLE: 'deny', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' });
    const event = validate(await tokenOf(V1), '/red5/validateCredentials', {
      queryStringParameters: { key: CALLER },
    });
    expect(await cut.invoke('callbacks', event)).toMatchObject(DENIED);
    expect(cut.output()).toContain('"reason":"deny_list_unavailable"');
  });

  test('introspects, and names the version that signed in its log alone', async () => {
    const token = await tokenOf(V2);
    const response = await host.invoke('callbacks', {
      rawPath: '/introspect',
      headers: { authorization: `Bearer ${CALLER}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(`token=${token}`).toString('base64'),
      isBase64Encoded: true,
    });
    expect(JSON.parse(response.body)).toMatchObject({
      active: true,
      target: 'red5',
      scope: 'publish',
      room: 'lobby',
    });
    expect(host.output()).toContain(`"kid":"${kidOf(V2.id)}"`);
  });
});

describe('the authorizer function', () => {
  test.each([
    ['current', V1],
    ['pending', V2],
  ])('lets a token under the %s secret in', async (_label, version) => {
    const event = {
      version: '2.0',
      type: 'REQUEST',
      headers: { authorization: `Bearer ${await tokenOf(version)}` },
    };
    const response = await host.invoke('authorizer', event);
    expect(response).toMatchObject({ isAuthorized: true, context: { target: 'red5', room: 'lobby' } });
  });

  test.each([
    ['takes tokens of the named targets alone', { AUTHORIZER_TARGETS: 'jitsi,rtcstats' }],
    ['accepts nothing that would end while it is kept', { AUTHORIZER_CACHE_SECONDS: '600' }],
    ['takes a number that is none for the longest time', { AUTHORIZER_CACHE_SECONDS: 'ten minutes' }],
  ])('%s', async (_name, env) => {
    const strict = await start(env);
    const event = { version: '2.0', headers: { authorization: `Bearer ${await tokenOf(V1)}` } };
    expect(await strict.invoke('authorizer', event)).toMatchObject({ isAuthorized: false });
  });

  test.each([
    [null],
    [{}],
    [{ version: '2.0', headers: 7 }],
    [{ type: 'TOKEN', authorizationToken: {}, methodArn: 5 }],
  ])('answers no to %j', async (event) => {
    const response = JSON.stringify(await host.invoke('authorizer', event));
    expect(response).toMatch(/"isAuthorized":false|"Effect":"Deny"/);
  });
});

describe('the keys function', () => {
  test('publishes nothing of shared secrets, and answers 304 to who has that already', async () => {
    const first = await host.invoke('keys', { rawPath: '/.well-known/jwks.json' });
    expect(first).toMatchObject({ statusCode: 200, body: '{"keys":[]}' });
    const headers = { 'if-none-match': first.headers['etag'] };
    expect(await host.invoke('keys', { headers })).toMatchObject({ statusCode: 304, body: '' });
    expect(await host.invoke('keys', { pathParameters: { file: 'a.pem' } })).toMatchObject({
      statusCode: 404,
    });
    expect(await host.invoke('keys', null)).toMatchObject({ statusCode: 200 });
  });
});

test('each line about a token names the session that its client named', () => {
  const lines = hosts.flatMap((each) => each.output().split('\n'));
  for (const event of ['callback.allowed', 'authorizer.allowed', 'authorizer.denied']) {
    const about = lines.filter(
      (line) => line.includes(`"event":"${event}"`) && line.includes('"jti":"jti-1"'),
    );
    expect(about.length).toBeGreaterThan(0);
    expect(about.filter((line) => !line.includes('"session":"visit-1"'))).toEqual([]);
  }
});

test('no function writes a token or a secret anywhere', () => {
  const output = hosts.map((each) => each.output()).join('');
  expect(output).toContain('callback.allowed');
  for (const secret of [V1.text, V2.text, CALLER]) expect(output).not.toContain(secret);
  expect(output).not.toMatch(/eyJ[\w-]+\.eyJ/);
});
