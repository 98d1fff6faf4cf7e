import { describe, expect, test } from 'vitest';
import { red5Rules } from '../../../local/media-servers/rules/red5.ts';
import { now, secret, sign } from './token-text.ts';

const config = (lines = '') =>
  `auth.active=true\nauth.rtc=true\njwt.secret=${secret}\njwt.ttl.minutes=60\njwt.issuer=streampass\n${lines}`;

function decide(
  token: string | undefined,
  attempt: { action?: string; room?: string; transport?: string } = {},
  lines = '',
) {
  const read = red5Rules.readConfig(config(lines));
  if (!read.ok) throw new Error(read.problem);
  return red5Rules.decide(token, read.settings, { action: 'publish', ...attempt }, now);
}

const good = { iss: 'streampass', exp: now + 600 };

describe('accepts', () => {
  test.each([
    ['a minimal token for anything', good, { room: 'any' }],
    ['a token at the limit', { ...good, exp: now + 3600 }, {}],
    ['a token with one second left', { ...good, exp: now + 1 }, {}],
    ['an old iat, for only exp counts', { ...good, iat: now - 86_400 }, {}],
    ['the role among others', { ...good, roles: 'admin,red5-publisher' }, {}],
    ['empty roles as both', { ...good, roles: '' }, { action: 'subscribe' }],
    ['a transport in any case', { ...good, 'red5-transport': 'whip,rtmp' }, { transport: 'Rtmp' }],
    ['WHIP where no transport is named', { ...good, 'red5-transport': 'WHIP' }, {}],
    [
      'WHEP for a viewer where no transport is named',
      { ...good, 'red5-transport': 'WHEP' },
      { action: 'subscribe' },
    ],
    ['a room of the list', { ...good, 'red5-room': 'a,b' }, { room: 'b' }],
    ['a stream without a room where no room is claimed', good, {}],
  ])('%s', (_title, claims, attempt) => {
    expect(decide(sign(claims), attempt)).toMatchObject({ accepted: true });
  });

  test('a header without typ, and one with any kid', () => {
    expect(decide(sign(good, { header: { alg: 'HS256' } }))).toMatchObject({ accepted: true });
    expect(decide(sign(good, { header: { alg: 'HS256', typ: 'JWT', kid: 'x' } }))).toMatchObject({
      accepted: true,
    });
  });

  test('and says who may do what', () => {
    expect(decide(sign({ ...good, sub: 'anna' }), { room: 'r' })).toEqual({
      accepted: true,
      granted: { user: 'anna', role: 'red5-publisher', room: 'r', transport: 'WHIP' },
    });
  });
});

describe('refuses at the login', () => {
  test.each([
    ['no token', undefined, 'no token was provided'],
    ['an empty token', ' ', 'no token was provided'],
    ['what is not a token', 'abc', 'malformed token'],
    ['a payload that is not an object', sign('[]'), 'malformed token'],
    ['another secret', sign(good, { key: 'x' }), 'invalid signature'],
    [
      'another algorithm',
      sign(good, { header: { alg: 'HS512' }, digest: 'sha512' }),
      'unsupported algorithm: only HS256 is accepted',
    ],
    ['alg none', sign(good, { header: { alg: 'none' } }), 'unsupported algorithm: only HS256 is accepted'],
    ['no exp', sign({ iss: 'streampass' }), 'exp claim is required'],
    ['exp as a text', sign({ ...good, exp: String(now + 60) }), 'exp claim is required'],
    ['exp now', sign({ ...good, exp: now }), 'token expired'],
    [
      'exp beyond the limit',
      sign({ ...good, exp: now + 3601 }),
      'token expires too far in the future: at most 60 minutes are allowed',
    ],
    ['nbf ahead', sign({ ...good, nbf: now + 1 }), 'token is not active yet'],
    ['another issuer', sign({ ...good, iss: 'Streampass' }), 'issuer does not match: streampass is required'],
    ['no issuer', sign({ exp: now + 60 }), 'issuer does not match: streampass is required'],
    [
      'another transport',
      sign({ ...good, 'red5-transport': 'RTMP,RTSP' }),
      'red5-transport does not allow WHIP',
    ],
    [
      'transports as an array',
      sign({ ...good, 'red5-transport': ['WHIP'] }),
      'red5-transport must be a string',
    ],
  ])('%s', (_title, token, reason) => {
    expect(decide(token)).toEqual({ accepted: false, at: 'login', reason });
  });

  test('SRT where the transports of the web are listed', () => {
    const token = sign({ ...good, 'red5-transport': 'WHIP,WHEP,RTMP,RTSP' });
    expect(decide(token, { transport: 'SRT' })).toMatchObject({ accepted: false, at: 'login' });
  });
});

describe('refuses at the action', () => {
  test.each([
    ['a viewer who publishes', { roles: 'red5-subscriber' }, {}, 'role red5-publisher is required'],
    [
      'a broadcaster who watches',
      { roles: 'red5-publisher' },
      { action: 'subscribe' },
      'role red5-subscriber is required',
    ],
    ['roles that it does not know', { roles: 'admin' }, {}, 'role red5-publisher is required'],
    ['a role in other case', { roles: 'RED5-PUBLISHER' }, {}, 'role red5-publisher is required'],
    ['a role after a blank', { roles: 'x, red5-publisher' }, {}, 'role red5-publisher is required'],
    ['roles as an array', { roles: ['red5-publisher'] }, {}, 'roles must be a string'],
    ['another room', { 'red5-room': 'a,b' }, { room: 'c' }, 'red5-room does not allow c'],
    ['the room in other case', { 'red5-room': 'a' }, { room: 'A' }, 'red5-room does not allow A'],
    ['a stream without a room', { 'red5-room': 'a' }, {}, 'red5-room does not allow a stream without one'],
  ])('%s', (_title, claims, attempt, reason) => {
    expect(decide(sign({ ...good, ...claims }), attempt)).toEqual({ accepted: false, at: 'action', reason });
  });
});

describe('lets everyone in', () => {
  test.each([
    ['where authentication is off', 'auth.active=false', 'RTMP'],
    ['over a protocol that is off', 'auth.rtmp=false', 'RTMP'],
  ])('%s', (_title, lines, transport) => {
    expect(decide(undefined, { transport }, lines)).toMatchObject({ accepted: true });
  });

  test('over that protocol only', () => {
    expect(decide(undefined, { transport: 'WHIP' }, 'auth.rtmp=false')).toMatchObject({ accepted: false });
  });
});

test('takes any issuer where none is set', () => {
  expect(decide(sign({ exp: now + 60, iss: 'other' }), {}, 'jwt.issuer=')).toMatchObject({ accepted: true });
});
