import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { importJWK, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey, macOf, privateKeyFromJwk, signCompact } from '../../lib/jws/sign.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { verifyHs256 } from '../../lib/jws/verify-hs256.ts';
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

  test('gives back any claims that are signed', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (any) => {
        const jws = decodeCompactJws(signCompact(any, key));
        expect(JSON.stringify(jws?.claims)).toBe(JSON.stringify(any));
        expect(jws !== undefined && verifyHs256(jws, [key])).toBe(true);
      }),
    );
  });
});

describe('verifyHs256', () => {
  const other = { alg: 'HS256', kid: 'other', key: hmacKey('another secret of thirty-two bytes') } as const;
  const accepts = (token: string, keys: readonly SigningKey[] = [key, other]): boolean => {
    const jws = decodeCompactJws(token);
    return jws !== undefined && verifyHs256(jws, keys);
  };
  const signature = signCompact(claims, key).split('.')[2] ?? '';
  const withHeader = (header: object): string => {
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30`;
    return `${input}.${macOf(input, key.key)}`;
  };

  test('accepts a token of either key', () => {
    expect([accepts(signCompact(claims, key)), accepts(signCompact(claims, other))]).toEqual([true, true]);
  });

  test('accepts a header with other members', () => {
    expect(accepts(withHeader({ alg: 'HS256', kid: key.kid, extra: 1 }))).toBe(true);
  });

  test.each([
    ['another kid', { alg: 'HS256', kid: 'other' }],
    ['no kid', { alg: 'HS256' }],
    ['alg none', { alg: 'none', kid: key.kid }],
    ['another HMAC', { alg: 'HS384', kid: key.kid }],
    ['no alg', { kid: key.kid }],
    ['crit', { alg: 'HS256', kid: key.kid, crit: ['exp'] }],
    ['b64', { alg: 'HS256', kid: key.kid, b64: false }],
    ['a key of its own', { alg: 'HS256', kid: key.kid, jwk: { kty: 'oct', k: 'AA' } }],
  ])('refuses a header with %s, though its MAC is good', (_what, header) => {
    expect(accepts(withHeader(header))).toBe(false);
  });

  test.each([
    ['changed', `A${signature.slice(1)}`],
    ['cut', signature.slice(0, 40)],
    ['longer', `${signature.slice(0, 40)}AAAAAAAA`],
    ['missing', ''],
  ])('refuses a MAC that is %s', (_what, mac) => {
    const input = signCompact(claims, key).split('.').slice(0, 2).join('.');
    expect(accepts(`${input}.${mac}`)).toBe(false);
  });

  test('refuses all where there is no key', () => {
    expect(accepts(signCompact(claims, key), [])).toBe(false);
  });

  test('never takes a public key for a secret', () => {
    const { privateKey } = newKeyPair('RS256', key.kid);
    const jws = decodeCompactJws(signCompact(claims, key));
    expect(jws && verifyHs256(jws, [{ alg: 'RS256', kid: key.kid, key: privateKey }])).toBe(false);
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
