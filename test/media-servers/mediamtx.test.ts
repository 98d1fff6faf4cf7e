import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Identity } from '../../lib/identity/identity.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import { policyOf, waitsOf } from '../../lib/rotation/policy.ts';
import { mediamtx } from '../../lib/media-servers/index.ts';
import type { Grant } from '../../lib/policy/grant.ts';
import { isPermitted } from './conformance/mediamtx.ts';
import { newPrivateKey } from '../support/signing-keys.ts';

const NOW = 1_900_000_000;
const current = await newPrivateKey('ES256', '12345678');
const target = mediamtx({ secret: 'streampass/mediamtx', issuer: 'streampass' });
const person: Identity = {
  issuer: 'https://id.example',
  subject: 'person-1',
  groups: [],
  claims: {},
  expiresAt: 0,
};

async function issue(grant: Pick<Grant, 'actions' | 'rooms'>): Promise<string> {
  const whole: Grant = { ...grant, transports: [], ttlSeconds: 600 };
  return (
    await issueToken(
      target,
      'mediamtx',
      whole,
      person,
      { current, readAt: NOW },
      {
        now: NOW,
        jti: 'jti-1',
        session: 'session-1',
        transportsNamed: false,
      },
    )
  ).token;
}

async function claimsOf(token: string): Promise<Record<string, unknown>> {
  const jwk = await exportJWK(current.publicKey);
  const keySet = createLocalJWKSet({ keys: [{ ...jwk, kid: '12345678', alg: 'ES256' }] });
  const settings = { issuer: 'streampass', audience: 'mediamtx', currentDate: new Date(NOW * 1000) };
  return { ...(await jwtVerify(token, keySet, settings)).payload };
}

describe('a MediaMTX token', () => {
  test.each([
    ['publish', 'lobby', true],
    ['publish', 'studio.1', true],
    ['publish', 'studioX1', false],
    ['publish', 'lobby/other', false],
    ['read', 'lobby', false],
    ['api', 'lobby', false],
    ['playback', 'lobby', false],
  ])('to publish in two rooms lets its bearer %s %s: %s', async (action, path, allowed) => {
    const claims = await claimsOf(await issue({ actions: ['publish'], rooms: ['lobby', 'studio.1'] }));
    expect(isPermitted(claims['mediamtx_permissions'], action, path)).toBe(allowed);
  });

  test('for any room has the empty path, and for its own actions alone', async () => {
    const claims = await claimsOf(await issue({ actions: ['read'], rooms: '*' }));
    expect(claims['mediamtx_permissions']).toEqual([{ action: 'read', path: '' }]);
  });

  test('is short enough for an RTMP address', async () => {
    expect((await issue({ actions: ['publish'], rooms: ['lobby'] })).length).toBeLessThan(800);
  });
});

test('a new key is published for longer than a MediaMTX server keeps the old set', () => {
  const { announceSeconds } = waitsOf(policyOf(target, DEFAULT_TIMING));
  expect(announceSeconds).toBeGreaterThanOrEqual(3600 + DEFAULT_TIMING.keyRingMaxAge);
});
