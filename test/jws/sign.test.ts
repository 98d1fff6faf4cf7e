import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { privateKeyFromJwk, signCompact } from '../../lib/jws/sign.ts';
import { newPrivateKey } from '../support/signing-keys.ts';
import { newKeyPair } from './key-pairs.ts';
import { hasValidSignature } from './verifier.ts';

const SECRET = 'ä secret of thirty-two bytes or more';
const key = { alg: 'HS256', kid: '0f7b9d42', key: hmacKey(SECRET) } as const;
const now = new Date(1_800_000_000_000);
const claims = { sub: 'zoë', exp: 1_800_000_060, roles: ['red5-publisher'] };

describe('signCompact', () => {
  test('makes a token that another library verifies with the UTF-8 bytes of the secret', async () => {
    const { payload, protectedHeader } = await jwtVerify(
      await signCompact(claims, key),
      Buffer.from(SECRET, 'utf8'),
      {
        currentDate: now,
      },
    );
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT', kid: '0f7b9d42' });
  });

  test.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'makes a token with %s that another library verifies',
    async (alg) => {
      const pair = await newPrivateKey(alg, 'a');
      const token = await signCompact(claims, pair);
      const { payload, protectedHeader } = await jwtVerify(token, pair.publicKey, { currentDate: now });
      expect(payload).toEqual(claims);
      expect(protectedHeader).toEqual({ alg, typ: 'JWT', kid: 'a' });
    },
  );

  test('puts each key into the header of its own tokens, also where two keys hold the same secret', async () => {
    const other = { ...key, kid: 'other' };
    const tokens = await Promise.all([key, other, key].map((each) => signCompact({}, each)));
    const kids = tokens.map((token) => decodeCompactJws(token)?.header['kid']);
    expect(kids).toEqual(['0f7b9d42', 'other', '0f7b9d42']);
  });

  test('gives back any claims that are signed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (any) => {
        const token = await signCompact(any, key);
        expect(JSON.stringify(decodeCompactJws(token)?.claims)).toBe(JSON.stringify(any));
        expect(await hasValidSignature(token, key.key, 'HS256')).toBe(true);
      }),
    );
  });
});

describe('privateKeyFromJwk', () => {
  const text = (pair: { privateKey: { export(options: { format: 'jwk' }): object } }): string =>
    JSON.stringify(pair.privateKey.export({ format: 'jwk' }));

  const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;

  test.each(algorithms)('reads a key for %s, and for no other algorithm', async (alg) => {
    const jwk = text(newKeyPair(alg, 'a'));
    const read = await Promise.all(algorithms.map((each) => privateKeyFromJwk(jwk, each)));
    expect(algorithms.filter((_, index) => read[index])).toEqual([alg]);
  });

  test('reads a key whatever its JWK says of its use', async () => {
    const jwk = newKeyPair('EdDSA', 'a').privateKey.export({ format: 'jwk' });
    const said = { ...jwk, alg: 'Ed25519', use: 'enc', key_ops: ['sign', 'verify'], ext: false };
    expect(await privateKeyFromJwk(JSON.stringify(said), 'EdDSA')).toBeDefined();
  });

  test('refuses a key whose public half is that of another', async () => {
    const { x, y } = newKeyPair('ES256', 'b').jwk;
    const jwk = { ...newKeyPair('ES256', 'a').privateKey.export({ format: 'jwk' }), x, y };
    expect(await privateKeyFromJwk(JSON.stringify(jwk), 'ES256')).toBeUndefined();
  });

  test.each([
    ['no JSON', 'secret'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no key', '{}'],
    ['a public key', JSON.stringify(newKeyPair('RS256', 'a').jwk)],
    ['a shared secret', '{"kty":"oct","k":"AAAA"}'],
    ['an RSA key of 1024 bits', text(generateKeyPairSync('rsa', { modulusLength: 1024 }))],
  ])('refuses %s', async (_what, jwk) => {
    expect(await privateKeyFromJwk(jwk, 'RS256')).toBeUndefined();
  });

  test('refuses a key for ES256 that is on another curve', async () => {
    expect(await privateKeyFromJwk(text(newKeyPair('ES384', 'a')), 'ES256')).toBeUndefined();
  });
});
