import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { importJWK, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey, privateKeyFromJwk, signCompact } from '../../lib/jws/sign.ts';
import { hasValidSignature } from '../../lib/jws/verify.ts';
import { newKeyPair } from './key-pairs.ts';

const SECRET = 'ä secret of thirty-two bytes or more';
const key = { alg: 'HS256', kid: '0f7b9d42', key: hmacKey(SECRET) } as const;
const now = new Date(1_800_000_000_000);
const claims = { sub: 'zoë', exp: 1_800_000_060, roles: ['red5-publisher'] };

describe('signCompact', () => {
  test('makes a token that another library verifies with the UTF-8 bytes of the secret', async () => {
    const { payload, protectedHeader } = await jwtVerify(
      signCompact(claims, key),
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
      const { privateKey, jwk } = newKeyPair(alg, 'a');
      const token = signCompact(claims, { alg, kid: 'a', key: privateKey });
      const { payload, protectedHeader } = await jwtVerify(token, await importJWK(jwk), { currentDate: now });
      expect(payload).toEqual(claims);
      expect(protectedHeader).toEqual({ alg, typ: 'JWT', kid: 'a' });
    },
  );

  test('puts each key into the header of its own tokens, also where two keys hold the same secret', () => {
    const other = { ...key, kid: 'other' };
    const kids = [key, other, key].map((each) => decodeCompactJws(signCompact({}, each))?.header['kid']);
    expect(kids).toEqual(['0f7b9d42', 'other', '0f7b9d42']);
  });

  test('gives back any claims that are signed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (any) => {
        const token = signCompact(any, key);
        expect(JSON.stringify(decodeCompactJws(token)?.claims)).toBe(JSON.stringify(any));
        expect(await hasValidSignature(token, key.key, 'HS256')).toBe(true);
      }),
    );
  });
});

describe('privateKeyFromJwk', () => {
  const text = (pair: { privateKey: { export(options: { format: 'jwk' }): object } }): string =>
    JSON.stringify(pair.privateKey.export({ format: 'jwk' }));

  test.each(['RS256', 'ES256', 'EdDSA'] as const)('reads a key for %s, and for no other algorithm', (alg) => {
    const jwk = text(newKeyPair(alg, 'a'));
    const readable = (['RS256', 'ES256', 'EdDSA'] as const).filter((each) => privateKeyFromJwk(jwk, each));
    expect(readable).toEqual([alg]);
  });

  test.each([
    ['no JSON', 'secret'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no key', '{}'],
    ['a public key', JSON.stringify(newKeyPair('RS256', 'a').jwk)],
    ['a shared secret', '{"kty":"oct","k":"AAAA"}'],
    ['an RSA key of 1024 bits', text(generateKeyPairSync('rsa', { modulusLength: 1024 }))],
  ])('refuses %s', (_what, jwk) => {
    expect(privateKeyFromJwk(jwk, 'RS256')).toBeUndefined();
  });

  test('refuses a key for ES256 that is on another curve', () => {
    expect(privateKeyFromJwk(text(newKeyPair('ES384', 'a')), 'ES256')).toBeUndefined();
  });
});
