import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MAX_KEYS, selectKey, usableKeys } from '../../lib/jws/jwk.ts';
import { newKeyPair } from './key-pairs.ts';

const rsa = newKeyPair('RS256', 'rsa').jwk;
const ec = newKeyPair('ES256', 'ec').jwk;
const ec384 = newKeyPair('ES384', 'ec384').jwk;
const ed = newKeyPair('EdDSA', 'ed').jwk;
const without = (jwk: object, ...members: string[]): object =>
  Object.fromEntries(Object.entries(jwk).filter(([member]) => !members.includes(member)));
const algorithmsOf = (jwk: object): string[] =>
  usableKeys({ keys: [jwk] }).flatMap((key) => [...key.algorithms]);

/** An RSA JWK of any size and exponent. */
function rsaJwk(modulusLength: number, publicExponent = 65537): object {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' });
}

describe('usableKeys', () => {
  test.each([
    ['an RSA key', without(rsa, 'alg'), ['RS256', 'RS384', 'RS512', 'PS256']],
    ['an RSA key for one algorithm', { ...rsa, alg: 'PS256' }, ['PS256']],
    ['a P-256 key', without(ec, 'alg'), ['ES256']],
    ['a P-384 key', without(ec384, 'alg'), ['ES384']],
    ['an Ed25519 key', without(ed, 'alg'), ['EdDSA']],
    ['a key without use', without(rsa, 'use'), ['RS256']],
    ['a key that may verify', { ...rsa, key_ops: ['verify'] }, ['RS256']],
    [
      'a key with a certificate, which is not looked at',
      { ...rsa, x5c: ['no certificate'], x5t: 1, x5u: 'x' },
      ['RS256'],
    ],
    ['a key with members of its own', { ...rsa, issuer: 'a', nbf: 1 }, ['RS256']],
    ['an RSA key with exponent 3', rsaJwk(2048, 3), ['RS256', 'RS384', 'RS512', 'PS256']],
  ])('uses %s', (_what, jwk, algorithms) => {
    expect(algorithmsOf(jwk)).toEqual(algorithms);
  });

  test.each([
    ['a key of no type', without(rsa, 'kty')],
    ['a key of unknown type', { ...rsa, kty: 'XYZ' }],
    ['a shared secret', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }],
    ['a shared secret that says RS256', { kty: 'oct', k: 'c2VjcmV0', alg: 'RS256' }],
    ['a private key', { ...newKeyPair('ES256', 'a').privateKey.export({ format: 'jwk' }) }],
    ['a key for encryption', { ...rsa, use: 'enc' }],
    ['a key of strange use', { ...rsa, use: ['sig'] }],
    ['a key that may only encrypt', { ...rsa, key_ops: ['encrypt'] }],
    ['a key that may do nothing', { ...rsa, key_ops: [] }],
    ['a key with operations named twice', { ...rsa, key_ops: ['verify', 'verify'] }],
    ['a key whose operations are text', { ...rsa, key_ops: 'verify' }],
    ['a key for another algorithm', { ...rsa, alg: 'RSA-OAEP' }],
    ['a key for an algorithm of another type', { ...rsa, alg: 'ES256' }],
    ['a key for an algorithm of another curve', { ...ec384, alg: 'ES256' }],
    ['a key whose algorithm is no text', { ...rsa, alg: 256 }],
    ['a key whose id is no text', { ...rsa, kid: 7 }],
    ['a key on an unknown curve', { ...ec, crv: 'P-512' }],
    [
      'a key on secp256k1',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }),
    ],
    ['an Ed448 key', generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })],
    ['an X25519 key', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })],
    ['a point that is not on its curve', { ...ec, y: ec.x }],
    ['a P-384 point that says P-256', { ...without(ec384, 'alg'), crv: 'P-256' }],
    ['an Ed25519 key of 31 bytes', { ...ed, x: Buffer.alloc(31).toString('base64url') }],
    ['an RSA key without modulus', without(rsa, 'n')],
    ['an RSA key without exponent', without(rsa, 'e')],
    ['an RSA key whose modulus is a number', { ...rsa, n: 5 }],
    ['an RSA key of 1024 bits', rsaJwk(1024)],
    ['an RSA key of 2047 bits', rsaJwk(2047)],
    ['an RSA key of 16384 bits', { ...rsa, n: Buffer.alloc(2048, 0xff).toString('base64url') }],
    ['an RSA key with exponent 1', { ...rsa, e: 'AQ' }],
    ['an RSA key with exponent 0', { ...rsa, e: 'AA' }],
    ['an RSA key with an even exponent', { ...rsa, e: 'BA' }],
    ['a list', []],
    ['no members', {}],
  ])('passes over %s', (_what, jwk) => {
    expect(algorithmsOf(jwk)).toEqual([]);
  });

  test.each([
    undefined,
    null,
    'text',
    7,
    [],
    [rsa],
    {},
    { keys: null },
    { keys: 'x' },
    { keys: { 0: rsa } },
    { keys: [null, 1, 'x'] },
    { Keys: [rsa] },
  ])('finds no key in %j', (document) => {
    expect(usableKeys(document)).toEqual([]);
  });

  test('finds the good keys between bad ones', () => {
    const keys = usableKeys({ keys: [null, { kty: 'oct', k: 'AA' }, rsa, { ...ec, y: 'AA' }, ed] });
    expect(keys.map(({ kid }) => kid)).toEqual(['rsa', 'ed']);
  });

  test('reads a bounded number of keys', () => {
    const keys = Array.from({ length: MAX_KEYS + 1 }, (_, index) => ({ ...ed, kid: `k${index}` }));
    expect(usableKeys({ keys }).map(({ kid }) => kid)).toEqual(keys.slice(0, MAX_KEYS).map(({ kid }) => kid));
  });
});

describe('selectKey', () => {
  const keys = usableKeys({ keys: [rsa, ec, without(ed, 'kid')] });

  test.each([
    ['the key with the kid', { alg: 'RS256', kid: 'rsa' }, 'rsa'],
    ['the only key that fits, where there is no kid', { alg: 'ES256' }, 'ec'],
  ])('gives %s', (_what, header, kid) => {
    expect(selectKey(keys, header)).toMatchObject({ kid });
  });

  test.each([
    ['no key has the kid', { alg: 'RS256', kid: 'new' }],
    ['the kid differs in case', { alg: 'RS256', kid: 'RSA' }],
    ['the kid is empty', { alg: 'RS256', kid: '' }],
  ])('says that the kid is unknown where %s', (_what, header) => {
    expect(selectKey(keys, header)).toBe('unknown_kid');
  });

  test.each([
    ['the key with the kid is for another algorithm', { alg: 'ES256', kid: 'rsa' }],
    ['the key with the kid is for another RSA algorithm', { alg: 'PS256', kid: 'rsa' }],
    ['no key fits and there is no kid', { alg: 'ES384' }],
    ['the algorithm is unknown', { alg: 'HS256', kid: 'rsa' }],
    ['there is no algorithm', { kid: 'rsa' }],
    ['the algorithm is no text', { alg: ['RS256'], kid: 'rsa' }],
  ])('gives none where %s', (_what, header) => {
    expect(selectKey(keys, header)).toBeUndefined();
  });

  test('never chooses between two keys that fit', () => {
    const twice = usableKeys({ keys: [rsa, { ...newKeyPair('RS256', 'rsa').jwk }] });
    expect(selectKey(twice, { alg: 'RS256' })).toBeUndefined();
    expect(selectKey(twice, { alg: 'RS256', kid: 'rsa' })).toBeUndefined();
  });
});
