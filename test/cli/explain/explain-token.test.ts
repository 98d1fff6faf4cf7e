import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { explainToken } from '../../../cli/explain/explain-token.ts';
import type { TokenQuestion } from '../../../cli/explain/explain-token.ts';
import { cat, jitsi, mediamtx, moqRelay, moqx, red5, rtcstats } from '../../../lib/config/index.ts';
import type { Target } from '../../../lib/media-servers/target.ts';
import { sharedKey } from '../../support/signing-keys.ts';

const NOW = 1_790_000_000;
const SECRET = 'a-secret-of-forty-characters-for-a-test-';
const live = red5({ secret: 'streampass/red5', issuer: 'streampass', serverLimitMinutes: 60 });
const meet = jitsi({ secret: 'streampass/jitsi', appId: 'streampass', domain: 'meet.example.com' });
const stats = rtcstats({ secret: 'streampass/rtcstats' });

const jitsiClaims = {
  iss: 'streampass',
  aud: 'jitsi',
  sub: 'meet.example.com',
  room: 'public-a',
  exp: NOW + 600,
  context: { user: { id: 'anna', moderator: false } },
};
const red5Claims = {
  iss: 'streampass',
  sub: 'anna',
  roles: 'red5-subscriber',
  'red5-transport': 'WHEP',
  'red5-room': 'public-a,public-b',
  exp: NOW + 600,
};
const statsClaims = { rtcStats: { user: 'anna', session: 's-1', conference: 'public-a' }, exp: NOW + 600 };

function signed(claims: object, header: object = {}, secret = SECRET): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function explain(question: Pick<TokenQuestion, 'token' | 'target'> & Partial<TokenQuestion>): string {
  return explainToken({ attempt: {}, now: NOW, ...question }).join('\n');
}

describe('a token that its server accepts', () => {
  test.each([
    ['Red5', live, red5Claims, 'subscribe in public-a over WHEP: accepted'],
    ['Jitsi', meet, jitsiClaims, 'join in public-a: accepted'],
    ['rtcstats', stats, statsClaims, 'report: accepted'],
  ])('%s', (_title, target, claims, line) => {
    const lines = explain({ target, token: signed(claims), secret: SECRET });
    expect(lines).toContain(line);
    expect(lines).toContain('signature: checked');
    expect(lines).not.toContain('✗');
  });
});

describe('what a server refuses a token for is named', () => {
  test.each([
    ['Red5: another algorithm', live, red5Claims, { alg: 'RS256' }, 'alg is "RS256": it must be HS256'],
    ['Red5: no end', live, { ...red5Claims, exp: undefined }, {}, 'exp is missing: the server requires it'],
    [
      'Red5: too long',
      live,
      { ...red5Claims, exp: NOW + 3601 },
      {},
      'the server allows 1 h from its current time',
    ],
    [
      'Red5: roles as a list',
      live,
      { ...red5Claims, roles: ['red5-publisher'] },
      {},
      'roles must be one string with commas, not an array',
    ],
    [
      'Red5: blanks beside commas',
      live,
      { ...red5Claims, 'red5-room': 'a, b' },
      {},
      'remove blanks beside commas',
    ],
    [
      'Red5: an unknown role',
      live,
      { ...red5Claims, roles: 'publisher' },
      {},
      'Red5 knows only red5-publisher and red5-subscriber',
    ],
    [
      'Red5: open transports',
      live,
      { ...red5Claims, 'red5-transport': undefined },
      {},
      'every transport is allowed, SRT and MPEG-TS too',
    ],
    [
      'Red5: another issuer',
      live,
      { ...red5Claims, iss: 'Streampass' },
      {},
      'iss is "Streampass": it must be "streampass"',
    ],
    ['Jitsi: typ in lower case', meet, jitsiClaims, { typ: 'jwt' }, 'typ is "jwt": it must be JWT'],
    ['Jitsi: typ of an access token', meet, jitsiClaims, { typ: 'at+jwt' }, 'Invalid typ'],
    [
      'Jitsi: an audience list',
      meet,
      { ...jitsiClaims, aud: ['jitsi'] },
      {},
      'aud is an array: it must be one string',
    ],
    [
      'Jitsi: the person in sub',
      meet,
      { ...jitsiClaims, sub: 'anna' },
      {},
      'it must be the domain "meet.example.com", not the user',
    ],
    ['Jitsi: no room', meet, { ...jitsiClaims, room: null }, {}, 'the server never answers'],
    [
      'Jitsi: no user',
      meet,
      { ...jitsiClaims, context: null },
      {},
      'if it is null or an array, the server never answers',
    ],
    [
      'Jitsi: the moderator beside the claims',
      meet,
      { ...jitsiClaims, moderator: true },
      {},
      'put it into context.user',
    ],
    ['Jitsi: a token for later', meet, { ...jitsiClaims, nbf: NOW + 5 }, {}, 'leave nbf out'],
    [
      'Jitsi: a token that ended just now',
      meet,
      { ...jitsiClaims, exp: NOW },
      {},
      'it expired 0 s ago; the server allows no leeway',
    ],
    [
      'rtcstats: claims that are not nested',
      stats,
      { user: 'anna', session: 's', exp: NOW + 9 },
      {},
      'user, session are outside of rtcStats',
    ],
    [
      'rtcstats: a number',
      stats,
      { rtcStats: { user: 7, session: 's' }, exp: NOW + 9 },
      {},
      'rtcStats.user is 7: it must be a string',
    ],
    [
      'rtcstats: an end in milliseconds',
      stats,
      { ...statsClaims, exp: NOW * 1000 },
      {},
      'is it in milliseconds?',
    ],
  ])('%s', (_title, target, claims, header, text) => {
    expect(explain({ target, token: signed(claims, header) })).toContain(text);
  });
});

describe('the verdict is the server’s own', () => {
  test.each([
    [
      'the wrong room',
      { room: 'vip' },
      'subscribe in vip over WHEP: refused at the attempt: red5-room does not allow vip',
    ],
    [
      'the wrong transport',
      { action: 'subscribe', transport: 'RTSP' },
      'refused at the connection: red5-transport does not allow RTSP',
    ],
    [
      'the wrong action',
      { action: 'publish', transport: 'WHEP' },
      'refused at the attempt: role red5-publisher is required',
    ],
  ])('for %s', (_title, attempt, line) => {
    expect(explain({ target: live, token: signed(red5Claims), attempt })).toContain(line);
  });

  test('is about a signature only where a secret is given', () => {
    const token = signed(red5Claims, {}, 'another-secret-of-the-same-length-as-it-');
    expect(explain({ target: live, token })).toContain('accepted');
    expect(explain({ target: live, token })).toContain('signature: not checked');
    expect(explain({ target: live, token, secret: SECRET })).toContain('invalid signature');
  });

  test('says where the real server would never answer', () => {
    const token = signed({ ...jitsiClaims, context: null });
    expect(explain({ target: meet, token })).toContain('the client hears nothing');
  });
});

describe('of a server whose rules are not there, the claims are told', () => {
  const other = mediamtx({ secret: 'streampass/mediamtx', issuer: 'streampass', signing: 'RS256' });
  const header = { alg: 'RS256', kid: 'k1' };
  const permissions = (path: string) => [{ action: 'read', path }];

  test.each([
    ['one path', { sub: 'anna', mediamtx_permissions: permissions('a') }, 'the claims allow anna: read in a'],
    [
      'any path',
      { sub: 'anna', mediamtx_permissions: permissions('') },
      'the claims allow anna: read in any room',
    ],
    ['claims of another server', red5Claims, 'the claims are not those of this kind of server'],
  ])('%s', (_title, claims, line) => {
    expect(explain({ target: other, token: signed({ exp: NOW + 60, ...claims }, header) })).toContain(line);
  });

  test('and a key that cannot be looked up is named', () => {
    const token = signed({ sub: 'anna', mediamtx_permissions: [], exp: NOW + 60 }, { alg: 'RS256' });
    expect(explain({ target: other, token })).toContain('kid is missing');
  });
});

describe('a token in CBOR is explained by its claims’ names', () => {
  const cdn = cat({ path: '/live/', issuer: 'streampass', signing: 'HS256' });
  const relay = moqx({});
  const key = sharedKey('11111111', SECRET);
  const scopes = [
    { actions: ['CLIENT_SETUP'] },
    { actions: ['PUBLISH_NAMESPACE', 'PUBLISH'], namespace: 'a/b' },
  ];

  test.each<[string, Target, object, readonly string[]]>([
    [
      'of a CDN',
      cdn,
      { iss: 'streampass', catu: { path: { prefix: '/live/a/' } }, catm: ['GET', 'HEAD'] },
      ['✓ alg is HS256', '✓ catm: GET, HEAD', 'the claims allow everybody who has it: read in a'],
    ],
    ['without restrictions', cdn, { iss: 'streampass' }, ['✗ catu is missing', '✗ catm is missing']],
    ['of another issuer', cdn, { iss: 'x' }, ['✗ iss is "x": it must be "streampass"']],
    [
      'of moqx',
      relay,
      { moqt: scopes },
      ['✓ moqt: ', 'the claims allow everybody who has it: publish in a/b'],
    ],
  ])('%s', async (_title, target, claims, lines) => {
    const token = (await target.form?.write({ exp: NOW + 60, ...claims }, key)) ?? '';
    const said = explain({ target, token });
    for (const line of lines) expect(said).toContain(line);
  });

  test('and so is what moq-relay refuses', () => {
    const claims = { root: 'a', put: [''], for: 'x', exp: NOW + 60 };
    const token = signed(claims, { alg: 'ES256', kid: 'k1' });
    const said = explain({ target: moqRelay({}), token });
    expect(said).toContain('✗ for: the relay refuses claims that it does not know');
    expect(said).toContain('the claims allow everybody who has it: publish in a');
  });

  test('and what is none is refused', () => {
    expect(() => explain({ target: cdn, token: signed(red5Claims) })).toThrow(/not a CWT/);
  });
});

test('neither token nor secret is in what is said', () => {
  const token = signed(red5Claims);
  const lines = explain({ target: live, token, secret: SECRET });
  const shown = [SECRET, ...token.split('.')].filter((part) => lines.includes(part));
  expect(shown).toEqual([]);
});

test.each(['', 'x', 'a.b', 'a.b.c', `${signed(red5Claims)}.x`, `Bearer ${signed(red5Claims)}`])(
  'refuses %j, which is no token',
  (token) => {
    expect(() => explain({ target: live, token })).toThrow(/not a JWT/);
  },
);
