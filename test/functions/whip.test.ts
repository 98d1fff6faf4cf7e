import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOidcProvider, type RunningOidcProvider } from '../../local/oidc-provider/provider.ts';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { startFunctionHost, tokenEvent, type FunctionHost } from '../support/function-host.ts';

/** The built functions, with a real provider and the real SDK against a real endpoint. */

const TYPE = 'urn:streampass:token-type:stream-key';
const RED5 = 'https://red5.example.com';

let provider: RunningOidcProvider;
let secrets: SecretsManagerEndpoint;
let host: FunctionHost;
let streamKey: string;

beforeAll(async () => {
  [provider, secrets] = await Promise.all([
    startOidcProvider({ port: 0 }),
    createSecretsManagerEndpoint({ port: 0 }),
  ]);
  // What the function's role may read: other secrets are not there.
  for (const name of ['red5', 'stream-keys']) put(name, 'CreateSecret', { Name: secretOf(name) });
  host = await startFunctionHost({
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'streampass-demo',
    RED5_ADDRESS: RED5,
  });
  const { idToken } = await signIn({ issuer: provider.issuer, user: 'broadcaster' });
  const { body, statusCode } = await host.invoke(
    'token',
    tokenEvent({
      subject_token: idToken,
      audience: 'red5',
      room: 'studio-1',
      stream: 'main',
      requested_token_type: TYPE,
    }),
  );
  if (statusCode !== 200) throw new Error(body);
  streamKey = (JSON.parse(body) as { access_token: string }).access_token;
});
afterAll(async () => {
  await host?.close();
  await secrets?.close();
  await provider?.close();
});

const secretOf = (name: string): string => `streampass/local/${name}`;

function put(name: string, operation: string, input: Record<string, unknown>): void {
  const { error } = secrets.execute(operation, {
    ClientRequestToken: crypto.randomUUID(),
    SecretString: `secret-of-${name}-`.padEnd(43, 'x'),
    ...input,
  });
  if (error) throw error;
}

function whip(
  place: string,
  { method = 'POST', authorization }: { readonly method?: string; readonly authorization?: string } = {},
) {
  const [target, room, stream] = place.split('/');
  return host.invoke('whip', {
    version: '2.0',
    routeKey: 'ANY /whip/{target}/{room}/{stream}',
    rawPath: `/whip/${place}`,
    headers: {
      'content-type': 'application/sdp',
      ...(authorization !== undefined && { authorization }),
    },
    pathParameters: { target, room, stream },
    requestContext: { requestId: 'r', http: { method, sourceIp: '192.0.2.1' } },
    body: 'v=0',
    isBase64Encoded: false,
  });
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('an encoder with a stream key', () => {
  test('is sent on to the server, with a token that is good for a minute and cached by nobody', async () => {
    const { statusCode, headers } = await whip('red5/studio-1/main', bearer(streamKey));
    expect([statusCode, headers['cache-control']]).toEqual([307, 'no-store']);
    const location = new URL(String(headers['location']));
    expect(`${location.origin}${location.pathname}`).toBe(`${RED5}/live/studio-1/whip/endpoint/main`);
    const claims = decodeCompactJws(location.searchParams.get('token') ?? '')?.claims;
    expect(claims).toMatchObject({
      roles: 'red5-publisher',
      'red5-room': 'studio-1',
      'red5-transport': 'WHIP',
    });
    expect(Number(claims?.['exp']) - Number(claims?.['iat'])).toBe(60);
    // The callbacks read it there, for their lines.
    expect(host.output()).toContain(`"session":"${String(claims?.['session'])}"`);
  });

  test('is offered the other secret when it comes again while a rotation goes on', async () => {
    const { error } = secrets.execute('PutSecretValue', {
      SecretId: secretOf('red5'),
      ClientRequestToken: crypto.randomUUID(),
      SecretString: 'next-secret-of-red5-'.padEnd(43, 'y'),
      VersionStages: ['AWSPENDING'],
    });
    if (error) throw error;
    const fresh = await startFunctionHost({
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: 'streampass-demo',
      RED5_ADDRESS: RED5,
    });
    const before = host;
    host = fresh;
    const kids: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const { headers } = await whip('red5/studio-1/main', bearer(streamKey));
      const token = new URL(String(headers['location'])).searchParams.get('token') ?? '';
      kids.push(decodeCompactJws(token)?.header['kid']);
    }
    host = before;
    await fresh.close();
    // It read no secret of other targets.
    expect(fresh.output()).not.toContain('ring.problem');
    expect(kids[1]).not.toBe(kids[0]);
    expect(kids[2]).toBe(kids[0]);
  });

  test.each([
    ['another room', 'red5/studio-2/main', 403],
    ['another stream', 'red5/studio-1/other', 403],
    ['a target that takes no encoder', 'jitsi/studio-1/main', 404],
    ['a target that is not there', 'nothing/studio-1/main', 404],
    ['a target by an inherited name', 'constructor/studio-1/main', 404],
    ['a room of strange characters', 'red5/st%75dio/main', 404],
  ])('is not sent to %s', async (_what, place, status) => {
    const response = await whip(place, bearer(streamKey));
    expect([response.statusCode, response.headers?.['location']]).toEqual([status, undefined]);
  });

  test.each([
    ['without a key', {}, 'Bearer'],
    ['with another scheme', { authorization: 'Basic a:b' }, 'Bearer'],
    ['with a wrong key', bearer('live_123'), 'Bearer error="invalid_token"'],
    ['with a changed key', bearer('a.b.c'), 'Bearer error="invalid_token"'],
  ])('%s is asked for one', async (_what, headers, challenge) => {
    const response = await whip('red5/studio-1/main', headers);
    expect([response.statusCode, response.headers?.['www-authenticate']]).toEqual([401, challenge]);
  });

  test.each([
    ['OPTIONS', 204, 'accept-post', 'application/sdp'],
    ['GET', 405, 'allow', 'POST, OPTIONS'],
    ['PATCH', 405, 'allow', 'POST, OPTIONS'],
    ['DELETE', 405, 'allow', 'POST, OPTIONS'],
  ])('%s is answered as RFC 9725 says', async (method, status, header, value) => {
    const response = await whip('red5/studio-1/main', { method, ...bearer(streamKey) });
    expect([response.statusCode, response.headers?.[header]]).toEqual([status, value]);
  });

  test('each refusal leaves a line that says why', () => {
    const reasons = host
      .output()
      .split('\n')
      .filter((line) => /"event":"(whip\.refused|token\.denied)"/.test(line))
      .map((line) => (JSON.parse(line) as { reason: string }).reason);
    expect(new Set(reasons)).toEqual(
      new Set(['address_unknown', 'stream_key_invalid', 'stream_key_missing', 'stream_key_scope']),
    );
  });

  test('no log line holds the key', () => {
    expect(host.output()).toContain('"event":"token.issued"');
    expect(host.output()).not.toContain(streamKey.slice(-30));
  });
});
