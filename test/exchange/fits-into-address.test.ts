import { expect, test } from 'vitest';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { TRANSPORTS } from '../../lib/policy/grant.ts';
import type { Transport } from '../../lib/policy/grant.ts';
import { fixtureConfig } from '../support/config.ts';

const config = fixtureConfig();

const { red5 } = config.targets;

interface Outcome {
  readonly length: number;
  readonly transports: readonly Transport[];
}

/** A token for so many rooms of 30 characters, or the reason why there is none. */
async function issue(
  rooms: number,
  transports: readonly Transport[],
  transportsNamed: boolean,
): Promise<Outcome | string> {
  if (red5 === undefined) return 'no target';
  const identity = {
    issuer: 'https://id.example',
    subject: 'person-1',
    groups: [],
    claims: {},
    expiresAt: 1_900_003_600,
  };
  const names = Array.from({ length: rooms }, (_, index) => `room-${index}-`.padEnd(30, 'x'));
  const grant = { actions: ['publish'], rooms: names, transports, ttlSeconds: 3540 };
  const ring = {
    current: { alg: 'HS256', kid: '11111111', key: hmacKey('s'.repeat(43)) },
    readAt: 1_900_000_000,
  } as const;
  const issuance = {
    now: 1_900_000_000,
    jti: '0b0c5a4e-4a53-4f0e-9d2b-8f6a5c1f7c11',
    session: 's',
    transportsNamed,
  };
  try {
    const issued = await issueToken(red5, 'red5', grant, identity, ring, issuance);
    const claimed = red5.readClaims(decodeCompactJws(issued.token)?.claims ?? {});
    expect(claimed?.transports).toEqual(issued.grant.transports);
    return { length: issued.token.length, transports: issued.grant.transports };
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

/** What a client can add to a token in an address of this transport, in characters. */
const LIMIT = { RTMP: 1024 - 224, RTSP: 4096 - 224 } as const;

test('a token that does not fit into the address of a transport that was named is refused', async () => {
  expect(await issue(1, ['RTMP'], true)).toMatchObject({ transports: ['RTMP'] });
  expect(await issue(16, ['RTMP'], true)).toBe('token_too_long');
  expect(await issue(16, ['WHIP', 'RTMP'], true)).toBe('token_too_long');
  expect(await issue(100, ['RTSP'], true)).toBe('token_too_long');
});

test('a transport with a longer address, or with a header for its token, takes more', async () => {
  expect(await issue(16, ['RTSP'], true)).toMatchObject({ transports: ['RTSP'] });
  expect(await issue(100, ['WHIP'], true)).toMatchObject({ transports: ['WHIP'] });
});

test.each([
  [1, ['WHIP', 'WHEP', 'RTMP', 'RTSP']],
  [16, ['WHIP', 'WHEP', 'RTSP']],
  [100, ['WHIP', 'WHEP']],
])(
  'for %i rooms and no transport named, it lists those whose addresses it fits into',
  async (rooms, transports) => {
    expect(await issue(rooms, TRANSPORTS, false)).toMatchObject({ transports });
  },
);

test('it is refused if it fits into the address of no transport that is allowed', async () => {
  expect(await issue(16, ['RTMP'], false)).toBe('token_too_long');
});

test('for any number of rooms, each transport that it lists has room for it, and none is left out without need', async () => {
  const listed = new Set<string>();
  for (let rooms = 1; rooms <= 100; rooms += 1) {
    const outcome = await issue(rooms, TRANSPORTS, false);
    if (typeof outcome === 'string') throw new Error(outcome);
    for (const [transport, limit] of Object.entries(LIMIT)) {
      const isListed = outcome.transports.some((one) => one === transport);
      // Its name in the list would take up to 8 characters of base64url.
      if (isListed) expect(outcome.length).toBeLessThanOrEqual(limit);
      else expect(outcome.length + 8).toBeGreaterThan(limit);
    }
    listed.add(outcome.transports.join());
  }
  expect(listed.size).toBe(3);
});
