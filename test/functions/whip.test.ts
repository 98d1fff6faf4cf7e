import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOidcProvider, type RunningOidcProvider } from '../../local/oidc-provider/provider.ts';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { signCompact } from '../../lib/jws/sign.ts';
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
const valueOf = (name: string): string => `secret-of-${name}-`.padEnd(43, 'x');

function put(name: string, operation: string, input: Record<string, unknown>): void {
  const { error } = secrets.execute(operation, {
    ClientRequestToken: crypto.randomUUID(),
    SecretString: valueOf(name),
    ...input,
  });
  if (error) throw error;
}

interface WhipRequest {
  readonly method?: string;
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const PLACE = 'red5/studio-1/main';

/** @param place as an encoder writes it; or its parts, as API Gateway decodes them */
function whip(
  place: string | readonly string[],
  { method = 'POST', authorization, headers, body = 'v=0' }: WhipRequest = {},
) {
  const [target, room, stream] = typeof place === 'string' ? place.split('/') : place;
  return host.invoke('whip', {
    version: '2.0',
    routeKey: 'ANY /whip/{target}/{room}/{stream}',
    rawPath: `/whip/${[target, room, stream].join('/')}`,
    headers: {
      'content-type': 'application/sdp',
      ...(authorization !== undefined && { authorization }),
      ...headers,
    },
    pathParameters: { target, room, stream },
    requestContext: { requestId: 'r', http: { method, sourceIp: '192.0.2.1' } },
    body,
    isBase64Encoded: false,
  });
}

/** Status and the host that the caller is sent to, of an answer that no cache keeps. */
function leavesNothing({ statusCode, headers }: ApiGatewayResponse): readonly [number, string | undefined] {
  expect(headers['cache-control']).toBe('no-store');
  const location = headers['location'];
  return [statusCode, location === undefined ? undefined : new URL(location).origin];
}

async function tokenFor(key: string): Promise<string> {
  const { headers } = await whip(PLACE, bearer(key));
  return new URL(String(headers['location'])).searchParams.get('token') ?? '';
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

  describe('that is hostile', () => {
    /** What the key's secret signs: only streampass can do that, and an old key of its own may turn up. */
    const signed = async (claims: Record<string, unknown>, secret = valueOf('stream-keys')) => {
      const { header, claims: own } = decodeCompactJws(streamKey) ?? {};
      const kid = String(header?.['kid']);
      return signCompact({ ...own, ...claims }, { alg: 'HS256', kid, key: hmacKey(secret) });
    };
    const unsigned = (header: object) => {
      const [, claims = ''] = streamKey.split('.');
      return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}.`;
    };
    const now = Math.floor(Date.now() / 1000);

    test.each([
      ['an encoded slash', 'red5', 'studio-1/../studio-2', 'main'],
      ['a slash that is encoded twice', 'red5', 'studio-1%2Fmain', 'main'],
      ['two dots', 'red5', '..', 'main'],
      ['encoded dots', 'red5', '%2e%2e', 'main'],
      ['a stream of dots', 'red5', 'studio-1', '..'],
      ['a backslash', 'red5', 'studio-1', 'main\\..'],
      ['another host', 'red5', '@evil.example', 'main'],
      ['an address', 'red5', 'https://evil.example/', 'main'],
      ['a host by two slashes', '//evil.example', 'studio-1', 'main'],
      ['a query', 'red5', 'studio-1', 'main?token=x'],
      ['a fragment', 'red5', 'studio-1', 'main#'],
      ['a line break', 'red5', 'studio-1', 'main\r\nlocation: https://evil.example'],
      ['a zero byte', 'red5', 'studio-1\0', 'main'],
      ['a letter that looks alike', 'red5', 'studiо-1', 'main'],
      ['wide letters', 'red5', 'ｓtudio-1', 'main'],
      ['half a surrogate pair', 'red5', 'studio-1\ud83d', 'main'],
      ['a wildcard', 'red5', '*', 'main'],
      ['nothing', 'red5', '', ''],
      ['a very long name', 'red5', 's'.repeat(100_000), 'main'],
      ['the prototype', '__proto__', 'studio-1', 'main'],
      ['capitals in the target', 'RED5', 'studio-1', 'main'],
      ['the secret of stream keys', 'stream-keys', 'studio-1', 'main'],
    ])('asks for %s and finds nothing there', async (_what, target, room, stream) => {
      const response = await whip([target, room, stream], bearer(streamKey));
      expect(leavesNothing(response)).toEqual([404, undefined]);
    });

    test.each([
      ['capitals in the room', 'Studio-1', 'main'],
      ['capitals in the stream', 'studio-1', 'Main'],
      ['a dot at the end', 'studio-1.', 'main'],
      ['a longer room', 'studio-12', 'main'],
    ])('asks for %s and is told that the key is for another place', async (_what, room, stream) => {
      const response = await whip(['red5', room, stream], bearer(streamKey));
      expect(leavesNothing(response)).toEqual([403, undefined]);
    });

    test.each<[string, () => string | Promise<string>]>([
      ['an empty header', () => ''],
      ['no key', () => 'Bearer '],
      ['the key without its scheme', () => streamKey],
      ['two keys', () => `Bearer ${streamKey} ${streamKey}`],
      ['the header twice', () => `Bearer ${streamKey},Bearer ${streamKey}`],
      ['a tab', () => `Bearer\t${streamKey}`],
      ['the key with padding', () => `Bearer ${streamKey}=`],
      ['the key with its last character changed', () => `Bearer ${streamKey.slice(0, -1)}_`],
      ['half of the key', () => `Bearer ${streamKey.slice(0, 300)}`],
      ['a key that is as long as a header can be', () => `Bearer ${'a'.repeat(10_000)}.b.c`],
      ['letters beyond ASCII', () => 'Bearer é.ü.ß'],
      ['alg none', () => `Bearer ${unsigned({ alg: 'none' })}`],
      ['a key without a signature', () => `Bearer ${unsigned(decodeCompactJws(streamKey)?.header ?? {})}`],
      ['a key of another stage', async () => `Bearer ${await signed({}, 'k'.repeat(43))}`],
      ['a key signed with the server’s secret', async () => `Bearer ${await signed({}, valueOf('red5'))}`],
      ['a key that has ended', async () => `Bearer ${await signed({ exp: now - 1 })}`],
      ['a key that ends never', async () => `Bearer ${await signed({ exp: undefined })}`],
      ['a token for a server', async () => `Bearer ${await tokenFor(streamKey)}`],
    ])('shows %s and is asked for a key', async (_what, authorization) => {
      const response = await whip(PLACE, { authorization: await authorization() });
      expect(leavesNothing(response)).toEqual([401, undefined]);
    });

    test.each([
      ['another target', { target: 'jitsi' }],
      ['another room', { room: 'studio-2' }],
      ['viewing', { actions: ['subscribe'] }],
      ['RTMP', { transports: ['RTMP'] }],
    ])('shows a key for %s and is told that it is for another place', async (_what, claims) => {
      const response = await whip(PLACE, bearer(await signed(claims)));
      expect(leavesNothing(response)).toEqual([403, undefined]);
    });

    test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'post', 'X'.repeat(1000)])(
      'uses %s and is told which methods there are',
      async (method) => {
        const response = await whip(PLACE, { method, ...bearer(streamKey) });
        expect(leavesNothing(response)).toEqual([405, undefined]);
      },
    );

    test.each([
      ['host', 'evil.example'],
      ['x-forwarded-host', 'evil.example'],
      ['forwarded', 'host=evil.example'],
      ['content-type', 'text/html'],
      ['content-length', '99999999999'],
      ['x-http-method-override', 'DELETE'],
    ])('sends %s: %s and changes nothing by it', async (name, value) => {
      const response = await whip(PLACE, { ...bearer(streamKey), headers: { [name]: value } });
      expect(leavesNothing(response)).toEqual([307, RED5]);
    });

    test('sends six megabytes and is sent on: nobody reads its body here', async () => {
      const response = await whip(PLACE, { ...bearer(streamKey), body: 'v'.repeat(6 * 1024 * 1024) });
      expect(leavesNothing(response)).toEqual([307, RED5]);
    });

    test('sends the same request again and gets another token each time', async () => {
      const jtis: unknown[] = [];
      for (let count = 0; count < 5; count++)
        jtis.push(decodeCompactJws(await tokenFor(streamKey))?.claims['jti']);
      expect(new Set(jtis).size).toBe(5);
    });
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

  test.each(['id_token', 'access_token', 'jwt'])('cannot sign in with it as %s', async (type) => {
    const { statusCode, body } = await host.invoke(
      'token',
      tokenEvent({
        subject_token: streamKey,
        subject_token_type: `urn:ietf:params:oauth:token-type:${type}`,
        audience: 'red5',
        room: 'studio-1',
      }),
    );
    expect([statusCode, JSON.parse(body)]).toMatchObject([400, { reason: 'subject_token_algorithm' }]);
  });

  test('no log line holds the key', () => {
    expect(host.output()).toContain('"event":"token.issued"');
    expect(host.output()).not.toContain(streamKey.slice(-30));
  });
});
