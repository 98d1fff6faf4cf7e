import { describe, expect, test } from 'vitest';
import { exchange } from '../../lib/exchange/exchange.ts';
import type { ExchangeDeps } from '../../lib/exchange/exchange.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { mediamtx, red5 } from '../../lib/config/index.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import { configOf, problemsOf } from '../support/config.ts';
import { newPrivateKey } from '../support/signing-keys.ts';

/** Requests for MediaMTX, whose rooms are paths and whose tokens are good over every transport. */

const NOW = 1_900_000_000;
const media = mediamtx({ issuer: 'streampass' });
const rule = { target: 'media', actions: ['read'], rooms: ['live/*', 'lobby'], ttl: 600 };
const config = configOf({ issuers: [], targets: { media }, grants: [rule] });
const current = await newPrivateKey('ES256', '11111111');

const deps: ExchangeDeps = {
  config,
  rules: indexRules(config.grants, config.targets, 60),
  identify: async () => ({
    issuer: 'https://id.example',
    subject: 'anna',
    groups: [],
    claims: {},
    expiresAt: NOW + 3600,
  }),
  admit: async () => {},
  ringOf: () => ({
    get: async () => ({ current, readAt: NOW }),
  }),
  now: () => NOW,
  newId: () => 'id-1',
};

/** The permitted paths, or the reason of the refusal. */
async function outcome(parameters: Readonly<Record<string, string>>): Promise<readonly string[] | string> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: 'any',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    audience: 'media',
    ...parameters,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const result = await exchange({ headers, body }, deps);
  if (!result.issued) return result.error.reason;
  const claims = decodeCompactJws(result.response.access_token)?.claims;
  const permissions = claims?.['mediamtx_permissions'] as readonly { readonly path: string }[];
  return permissions.map(({ path }) => path);
}

describe('a room', () => {
  const long = 'a'.repeat(128);
  test.each<[string, string, string[] | string]>([
    ['that is a path', 'live/cam1', ['live/cam1']],
    ['that is a longer path', 'live/hall/cam1', ['live/hall/cam1']],
    ['that is a name', 'lobby', ['lobby']],
    ['beside another one', 'lobby live/cam1', ['lobby', 'live/cam1']],
    ['of long names', `live/${long}/${long}`, [`live/${long}/${long}`]],
    ['of a name too long', `live/${long}a`, 'room_malformed'],
    ['of too many names', `live/${'a/'.repeat(7)}a`, 'room_malformed'],
    ['that leaves its folder', 'live/../lobby', 'room_malformed'],
    ['that ends in a slash', 'live/', 'room_malformed'],
    ['that begins with a slash', '/live/cam1', 'room_malformed'],
    ['with two slashes', 'live//cam1', 'room_malformed'],
    ['that is a regular expression to the server', '~^live', 'room_malformed'],
    ['of another folder', 'live2/cam1', 'room_not_allowed'],
    ['that is the folder itself', 'live', 'room_not_allowed'],
  ])('%s', async (_title, room, expected) => {
    expect(await outcome({ room })).toEqual(expected);
  });
});

describe('a transport', () => {
  const rooms = Array.from({ length: 16 }, (_, index) => `live/${'x'.repeat(120)}${index}`).join(' ');
  test('is named so that the token fits into its addresses', async () => {
    expect(await outcome({ room: 'live/cam1', transport: 'rtmp' })).toEqual(['live/cam1']);
    expect(await outcome({ room: rooms, transport: 'RTMP' })).toBe('token_too_long');
    expect(await outcome({ room: rooms, transport: 'whep' })).toHaveLength(16);
    expect(await outcome({ room: rooms })).toHaveLength(16);
    expect(await outcome({ room: 'live/cam1', transport: 'SRT' })).toBe('transport_unknown');
  });

  test('cannot be named in a rule, for no token could hold it', () => {
    const problems = problemsOf({
      issuers: [],
      targets: { media },
      grants: [{ ...rule, transports: ['WHEP'] }],
    });
    expect(problems).toMatchObject([{ path: 'grants[0].transports' }]);
  });
});

test('rules of servers whose rooms are names take no paths', () => {
  const targets = { live: red5({ issuer: 'streampass' }) };
  const grants = [{ target: 'live', actions: ['publish'], rooms: ['live/*'], ttl: 600 }];
  expect(problemsOf({ issuers: [], targets, grants })).toMatchObject([{ path: 'grants[0].rooms[0]' }]);
});
