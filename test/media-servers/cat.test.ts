import { CommonAccessTokenFactory } from '@eyevinn/cat/lib/cat.js';
import { encode } from 'cborg';
import fc from 'fast-check';
import { exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { cat, moqx } from '../../lib/media-servers/index.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { newPrivateKey, sharedKey } from '../support/signing-keys.ts';

/** What the conformance suite does not show of tokens in CBOR: signatures of ES256, and lengths. */

const NOW = 1_900_000_000;
const ec = await newPrivateKey('ES256', '11111111');
const shared = sharedKey('11111111', 's'.repeat(43));

async function tokenOf(target: Target, current: SigningKey, actions: readonly string[]): Promise<string> {
  const { token } = await issueToken(
    target,
    'cdn',
    { actions, rooms: ['a-room-of-16-ch.'], transports: [], ttlSeconds: 600 },
    { issuer: 'https://id.example', subject: 'person-1', groups: [], claims: {}, expiresAt: 0 },
    { current, readAt: NOW },
    { now: NOW, jti: '0b8c5a7e-6d3f-4c21-9a54-1f2e3d4c5b6a', session: 's', transportsNamed: false },
  );
  return token;
}

test('a token of ES256 is verified by Eyevinn’s library with the public key, and with no other', async () => {
  const token = await tokenOf(cat({ path: '/live/' }), ec, ['read']);
  // The library takes COSE_Sign1 without the tag that says that it holds claims.
  const message = Buffer.from(token, 'base64url').subarray(2).toString('base64');
  const verified = async (key: SigningKey): Promise<unknown> => {
    const { x = '', y = '' } = await exportJWK(
      'publicKey' in key ? key.publicKey : 'key' in key ? key.key : new Uint8Array(),
    );
    const bytes = { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
    return (await CommonAccessTokenFactory.fromSignedToken(message, { ...bytes, kid: key.kid })).claims;
  };
  expect(await verified(ec)).toMatchObject({
    exp: NOW + 600,
    cti: '0b8c5a7e6d3f4c21',
    catu: { path: { 'prefix-match': '/live/a-room-of-16-ch./' } },
    catm: ['GET', 'HEAD'],
  });
  await expect(verified(await newPrivateKey('ES256', '11111111'))).rejects.toThrow('Signature');
});

describe('a token for one room of 16 characters', () => {
  test.each<[string, Target, SigningKey, readonly string[], number]>([
    ['HS256, read', cat({ path: '/live/', signing: 'HS256' }), shared, ['read'], 156],
    ['HS256, read and publish', cat({ path: '/live/', signing: 'HS256' }), shared, ['read', 'publish'], 184],
    ['ES256, read', cat({ path: '/live/' }), ec, ['read'], 200],
    ['ES256, read and publish', cat({ path: '/live/' }), ec, ['read', 'publish'], 228],
    ['moqx, subscribe', moqx({}), shared, ['subscribe'], 148],
    ['moqx, publish and subscribe', moqx({}), shared, ['publish', 'subscribe'], 150],
  ])('has few characters: %s', async (_what, target, key, actions, most) => {
    const { length } = await tokenOf(target, key, actions);
    expect(length).toBeLessThanOrEqual(most);
    // A limit that nothing comes near says nothing.
    expect(length).toBeGreaterThan(most - 8);
  });
});

test('a token whose claims are anything is read, or is none of the form: reading it throws nothing', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.jsonValue().map((value) => encode(value)),
  );
  const claim = fc.oneof(bytes, fc.jsonValue());
  // The labels of `catu`, `catm` and `moqt`.
  const claims = fc.record({ catu: claim, catm: claim, moqt: claim }).map(
    ({ catu, catm, moqt }) =>
      new Map<number, unknown>([
        [312, catu],
        [313, catm],
        [65_000, moqt],
      ]),
  );
  const header = encode(new Map<number, unknown>([[1, 5]]));
  fc.assert(
    fc.property(claims, (map) => {
      const message = [header, new Map(), encode(map), new Uint8Array(32)];
      const token = Buffer.from(encode(message)).toString('base64url');
      for (const { form } of [cat({ path: '/' }), moqx({})]) expect(() => form?.read(token)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});
