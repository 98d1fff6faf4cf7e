import { describe, expect, test } from 'vitest';
import type { ApiGatewayEvent } from '../../lib/api-gateway/event.ts';
import { answerCallback } from '../../lib/token-verification/answer-callback.ts';
import type { Callback } from '../../lib/token-verification/callback.ts';
import { introspection } from '../../lib/token-verification/callbacks/introspection.ts';
import { mediamtxAuth } from '../../lib/token-verification/callbacks/mediamtx.ts';
import { red5Invalidate, red5Validate } from '../../lib/token-verification/callbacks/red5.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { issue, verifierWith, liveKeys, NOW, UNCOUNTED } from './scene.ts';

const CALLER = 'callers-secret-of-43-characters-aaaaaaaaaaa';
const OLD_CALLER = 'callers-secret-of-43-characters-bbbbbbbbbbb';
const callerSecret = liveKeys([
  { alg: 'HS256', kid: 'c1', key: hmacKey(CALLER) },
  { alg: 'HS256', kid: 'c2', key: hmacKey(OLD_CALLER) },
]);
const deps = { verify: verifierWith(), callerSecret, streams: UNCOUNTED };

async function ask(
  callback: Callback,
  event: ApiGatewayEvent,
  by = deps,
): Promise<{ status: number; body: unknown }> {
  const { response } = await answerCallback(event, callback, by);
  return { status: response.statusCode, body: response.body === '' ? '' : JSON.parse(response.body) };
}

/** A request as Red5 Pro's RoundTripAuthValidator makes it: JSON in ISO-8859-1, and no room. */
function fromRed5(body: unknown, encoding: 'latin1' | 'utf8' = 'latin1'): ApiGatewayEvent {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    queryStringParameters: { key: CALLER },
    body: Buffer.from(text, encoding).toString('base64'),
    isBase64Encoded: true,
  };
}

const allowed = { status: 200, body: { result: true } };
const denied = { status: 200, body: { result: false } };

describe('POST /red5/validateCredentials', async () => {
  const publisher = await issue('red5', { actions: ['publish'], rooms: ['lobby', 'studio'] });
  const subscriber = await issue('red5', { actions: ['subscribe'], rooms: '*' });
  const request = {
    type: 'publisher',
    username: 'jwt',
    password: 'jwt',
    streamID: 'lobby',
    token: publisher,
  };

  test.each([
    ['a publisher of a stream named as its room', request],
    ['a publisher of a stream in its room', { ...request, streamID: 'studio/cam1' }],
    [
      'a subscriber to anything, where any room is granted',
      { ...request, type: 'subscriber', streamID: 'any', token: subscriber },
    ],
    [
      'a stream with a name beyond ASCII',
      { ...request, type: 'subscriber', streamID: 'Café', token: subscriber },
    ],
  ])('lets in %s', async (_name, body) => {
    expect(await ask(red5Validate, fromRed5(body))).toEqual(allowed);
  });

  test.each([
    ['a subscriber with a publisher’s token', { ...request, type: 'subscriber' }],
    ['a publisher with a subscriber’s token', { ...request, token: subscriber }],
    ['a stream of another room', { ...request, streamID: 'hall' }],
    ['a stream whose name only begins as the room', { ...request, streamID: 'lobby2' }],
    ['a path that climbs out of the room', { ...request, streamID: 'lobby/../hall' }],
    ['a stream without a name in its room', { ...request, streamID: 'lobby/' }],
    ['a stream without a name', { ...request, streamID: '' }],
    ['a client without a token', { ...request, token: '' }],
    [
      'a client whose token was left out',
      { type: 'publisher', username: 'jwt', password: 'jwt', streamID: 'lobby' },
    ],
    ['a token in the password', { ...request, token: '', password: publisher }],
    ['an unknown type', { ...request, type: 'administrator' }],
    ['a type that every object has', { ...request, type: 'constructor' }],
    ['a token of another server', { ...request, token: await issue('jitsi', {}) }],
    ['a token that has ended', { ...request, token: await issue('red5', {}, { at: NOW - 600 }) }],
    ['a list', [request]],
    ['null', null],
    ['no JSON', '{"type":"publisher",'],
    ['nothing', ''],
  ])('turns away %s', async (_name, body) => {
    expect(await ask(red5Validate, fromRed5(body))).toEqual(denied);
  });

  test('reads a body that is not valid UTF-8', async () => {
    const event = fromRed5({ ...request, username: 'José' });
    expect(Buffer.from(event.body ?? '', 'base64').includes(0xe9)).toBe(true);
    expect(await ask(red5Validate, event)).toEqual(allowed);
  });

  test('reads a body that API Gateway took for text', async () => {
    const event = { ...fromRed5(request), body: JSON.stringify(request), isBase64Encoded: false };
    expect(await ask(red5Validate, event)).toEqual(allowed);
  });

  test('turns away a person who is denied since', async () => {
    const verify = verifierWith({ deny: { subjects: ['person-1'] } });
    expect(await ask(red5Validate, fromRed5(request), { ...deps, verify })).toEqual(denied);
  });

  test('answers no, with status 200, while the secret cannot be had', async () => {
    const verify = verifierWith({ without: ['red5'] });
    expect(await ask(red5Validate, fromRed5(request), { ...deps, verify })).toEqual(denied);
  });

  test('tells the log why, and nothing of the token itself', async () => {
    const { facts } = await answerCallback(fromRed5({ ...request, streamID: 'hall' }), red5Validate, deps);
    expect(facts).toMatchObject({
      callback: 'red5',
      problem: 'room_not_granted',
      token: { kid: '11111111' },
    });
    expect(JSON.stringify(facts)).not.toContain(publisher);
  });
});

describe('POST /red5/invalidateCredentials', () => {
  test.each([
    [
      'as the server sends it, without a type',
      { username: 'jwt', password: 'jwt', streamID: 'lobby', token: 'gone' },
    ],
    ['twice', { username: 'jwt', password: 'jwt', streamID: 'lobby', token: 'gone' }],
    ['with anything else', 'no JSON'],
  ])('is taken note of %s', async (_name, body) => {
    expect(await ask(red5Invalidate, fromRed5(body))).toEqual(allowed);
  });

  test('revokes nothing', async () => {
    const token = await issue('red5', {});
    await ask(red5Invalidate, fromRed5({ username: 'jwt', password: 'jwt', streamID: 'lobby', token }));
    const again = { type: 'publisher', username: 'jwt', password: 'jwt', streamID: 'lobby', token };
    expect(await ask(red5Validate, fromRed5(again))).toEqual(allowed);
  });
});

describe('who may ask', async () => {
  const body = {
    type: 'publisher',
    username: 'jwt',
    password: 'jwt',
    streamID: 'lobby',
    token: await issue('red5', {}),
  };
  const anonymous: ApiGatewayEvent = { body: JSON.stringify(body) };
  const basic = (secret: string) => `Basic ${Buffer.from(`server:${secret}`).toString('base64')}`;

  test.each<[string, ApiGatewayEvent]>([
    ['Bearer', { headers: { authorization: `Bearer ${CALLER}` } }],
    ['Basic, as the password', { headers: { authorization: basic(CALLER) } }],
    ['X-API-Key', { headers: { 'x-api-key': CALLER } }],
    ['the query', { queryStringParameters: { key: CALLER } }],
    ['the path', { pathParameters: { key: CALLER } }],
    ['the secret of before', { queryStringParameters: { key: OLD_CALLER } }],
  ])('shows the secret by %s', async (_name, shown) => {
    expect(await ask(red5Validate, { ...anonymous, ...shown })).toEqual(allowed);
  });

  test.each<[string, ApiGatewayEvent]>([
    ['nothing', {}],
    ['an empty secret', { queryStringParameters: { key: '' }, headers: { authorization: 'Bearer ' } }],
    ['a wrong secret', { queryStringParameters: { key: CALLER.slice(1) } }],
    ['the secret as the user of Basic', { headers: { authorization: `Basic ${btoa(`${CALLER}:`)}` } }],
    ['the secret under another scheme', { headers: { authorization: `Digest ${CALLER}` } }],
  ])('is nobody with %s', async (_name, shown) => {
    expect(await ask(red5Validate, { ...anonymous, ...shown })).toEqual(denied);
    expect(await ask(red5Invalidate, { ...anonymous, ...shown })).toEqual(denied);
    expect((await ask(mediamtxAuth, { ...anonymous, ...shown })).status).toBe(403);
    expect((await ask(introspection, { ...anonymous, ...shown })).status).toBe(401);
  });

  test('is nobody where no secret is configured, or it has no value', async () => {
    for (const secret of [undefined, liveKeys([])]) {
      const { response } = await answerCallback(fromRed5(body), red5Validate, {
        ...deps,
        callerSecret: secret,
      });
      expect(response.body).toBe('{"result":false}');
    }
  });
});

describe('POST /mediamtx/auth', async () => {
  const token = await issue('mediamtx', { actions: ['publish'], rooms: ['lobby'] });
  const request = {
    user: '',
    password: '',
    token: '',
    ip: '192.0.2.1',
    action: 'publish',
    path: 'lobby',
    protocol: 'rtmp',
    id: '4fd1dd7b-2ab1-4e8e-b0a1-2b5f0c1e2d3f',
    query: '',
    userAgent: 'OBS',
  };

  test.each([
    ['a bearer token', { ...request, token }],
    ['a password', { ...request, user: 'any', password: token }],
    ['the query', { ...request, query: `a=b&token=${token}` }],
    ['the query’s older name', { ...request, query: `jwt=${token}` }],
  ])('lets in a token from %s', async (_name, body) => {
    expect(await ask(mediamtxAuth, fromRed5(body))).toEqual({ status: 204, body: '' });
  });

  test.each([
    ['no token yet, which asks for one', request, 401],
    ['another action', { ...request, action: 'read', token }, 403],
    ['the control API', { ...request, action: 'api', path: '', token }, 403],
    ['another path', { ...request, path: 'hall', token }, 403],
    ['a path below', { ...request, path: 'lobby/cam', token }, 403],
    ['a token of another server', { ...request, token: await issue('red5', {}) }, 403],
    ['no JSON', 'path=lobby', 403],
  ])('turns away %s', async (_name, body, status) => {
    expect((await ask(mediamtxAuth, fromRed5(body))).status).toBe(status);
  });

  test('says that nobody can tell while the keys cannot be had', async () => {
    const verify = verifierWith({ without: ['mediamtx'] });
    expect((await ask(mediamtxAuth, fromRed5({ ...request, token }), { ...deps, verify })).status).toBe(503);
  });
});

describe('POST /introspect', async () => {
  const form = (body: string): ApiGatewayEvent => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${CALLER}` },
    body,
  });

  test('describes a good token in the words of RFC 7662 and of a request for one', async () => {
    const token = await issue('red5', {
      actions: ['publish'],
      rooms: ['lobby', 'hall'],
      transports: ['WHIP'],
    });
    expect(await ask(introspection, form(`token=${token}&token_type_hint=access_token`))).toEqual({
      status: 200,
      body: {
        active: true,
        scope: 'publish',
        sub: 'person-1',
        iss: 'streampass',
        exp: NOW + 600,
        iat: NOW,
        jti: 'jti-1',
        target: 'red5',
        room: 'lobby hall',
        transport: 'WHIP',
      },
    });
  });

  test('knows the tokens of every target', async () => {
    const { body } = await ask(introspection, form(`token=${await issue('rtcstats', { rooms: '*' })}`));
    expect(body).toMatchObject({ active: true, target: 'rtcstats', room: '*', session: 'session-1' });
  });

  test.each([
    ['that has ended', await issue('red5', {}, { at: NOW - 600 })],
    ['that is none', 'nothing'],
    ['that is empty', ''],
  ])('says of a token %s that it is not active, and no more', async (_name, token) => {
    expect(await ask(introspection, form(`token=${token}`))).toEqual({
      status: 200,
      body: { active: false },
    });
  });

  test.each([
    ['without the parameter', form('')],
    ['with the parameter twice', form('token=a&token=b')],
    [
      'in JSON',
      { headers: { authorization: `Bearer ${CALLER}`, 'content-type': 'application/json' }, body: '{}' },
    ],
  ])('refuses a request %s', async (_name, event) => {
    expect(await ask(introspection, event)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test('asks to come again while nobody can tell', async () => {
    const verify = verifierWith({ without: ['red5'] });
    const { response } = await answerCallback(form(`token=${await issue('red5', {})}`), introspection, {
      ...deps,
      verify,
    });
    expect(response.statusCode).toBe(503);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  });
});
