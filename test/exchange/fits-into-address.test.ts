import { expect, test } from 'vitest';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { hmacKey } from '../../lib/jws/sign.ts';
import type { Transport } from '../../lib/policy/grant.ts';
import config from '../../streampass.config.ts';

const { red5 } = config.targets;

/** The length of a token for so many rooms of 30 characters, or the reason why there is none. */
function lengthOrReason(rooms: number, transport: Transport, transportsNamed: boolean): number | string {
  if (red5 === undefined) return 'no target';
  const identity = {
    issuer: 'https://id.example',
    subject: 'person-1',
    groups: [],
    claims: {},
    expiresAt: 1_900_003_600,
  };
  const names = Array.from({ length: rooms }, (_, index) => `room-${index}-`.padEnd(30, 'x'));
  const grant = { actions: ['publish'], rooms: names, transports: [transport], ttlSeconds: 3540 };
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
    return issueToken(red5, 'red5', grant, identity, ring, issuance).token.length;
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

test('a token that would not fit into the address of a transport that was named is refused', () => {
  expect(lengthOrReason(1, 'RTMP', true)).toBeLessThanOrEqual(800);
  expect(lengthOrReason(16, 'RTMP', true)).toBe('token_too_long');
});

test('a transport with a longer address, or with a header for its token, takes more', () => {
  expect(lengthOrReason(16, 'RTSP', true)).toBeGreaterThan(800);
  expect(lengthOrReason(16, 'WHIP', true)).toBeGreaterThan(800);
});

test('who names no transport is given the token: they may take another one', () => {
  expect(lengthOrReason(16, 'RTMP', false)).toBeGreaterThan(800);
});
