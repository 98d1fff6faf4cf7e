import { generateKeyPairSync } from 'node:crypto';
import { exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { VERIFICATION_ALGORITHMS } from '../../lib/jws/algorithms.ts';
import { MAX_KEYS, readProviderKeys } from '../../lib/jws/provider-keys.ts';
import { newKeyPair } from './key-pairs.ts';

const rsa = newKeyPair('RS256', 'rsa').jwk;
const ec = newKeyPair('ES256', 'ec').jwk;
const ec384 = newKeyPair('ES384', 'ec384').jwk;
const ed = newKeyPair('EdDSA', 'ed').jwk;
const without = (jwk: object, ...members: string[]): object =>
  Object.fromEntries(Object.entries(jwk).filter(([member]) => !members.includes(member)));
/** The algorithms of tokens that this key would be used for. */
async function algorithmsOf(jwk: object): Promise<string[]> {
  const keys = await readProviderKeys({ keys: [jwk] });
  const names = [...VERIFICATION_ALGORITHMS.keys()];
  const found = await Promise.all(names.map((alg) => keys.find({ alg })));
  return names.filter((_name, index) => typeof found[index] === 'object');
}

/** An RSA JWK of any size and exponent. */
function rsaJwk(modulusLength: number, publicExponent = 65537): object {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' });
}

describe('readProviderKeys', () => {
  test.each([
    ['an RSA key', without(rsa, 'alg'), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['an RSA key for one algorithm', { ...rsa, alg: 'PS256' }, ['PS256']],
    ['a P-256 key', without(ec, 'alg'), ['ES256']],
    ['a P-384 key', without(ec384, 'alg'), ['ES384']],
    ['a P-521 key', without(newKeyPair('ES512', 'ec521').jwk, 'alg'), ['ES512']],
    ['an Ed25519 key', without(ed, 'alg'), ['EdDSA', 'Ed25519']],
    ['an Ed25519 key by its older name', ed, ['EdDSA', 'Ed25519']],
    ['an Ed25519 key by its newer name', { ...ed, alg: 'Ed25519' }, ['EdDSA', 'Ed25519']],
    ['a key whose id is null', { ...rsa, kid: null }, ['RS256']],
    ['a key without use', without(rsa, 'use'), ['RS256']],
    ['a key that may verify', { ...rsa, key_ops: ['verify'] }, ['RS256']],
    [
      'a key with a certificate, which is not looked at',
      { ...rsa, x5c: ['no certificate'], x5t: 1, x5u: 'x' },
      ['RS256'],
    ],
    ['a key with members of its own', { ...rsa, issuer: 'a', nbf: 1 }, ['RS256']],
    ['an RSA key with exponent 3', rsaJwk(2048, 3), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ])('uses %s', async (_what, jwk, algorithms) => {
    expect(await algorithmsOf(jwk)).toEqual(algorithms);
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
    ['a key whose algorithm is not a string', { ...rsa, alg: 256 }],
    ['a key whose id is not a string', { ...rsa, kid: 7 }],
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
  ])('passes over %s', async (_what, jwk) => {
    expect(await algorithmsOf(jwk)).toEqual([]);
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
  ])('finds no key in %j', async (document) => {
    expect((await readProviderKeys(document)).kids).toEqual([]);
  });

  test('finds the good keys between bad ones', async () => {
    const { kids } = await readProviderKeys({
      keys: [null, { kty: 'oct', k: 'AA' }, rsa, { ...ec, y: 'AA' }, ed],
    });
    expect(kids).toEqual(['rsa', 'ed']);
  });

  test('counts a key once that is listed twice', async () => {
    const keys = await readProviderKeys({ keys: [rsa, { ...rsa, x5t: 'a' }, ec] });
    expect(keys.kids).toEqual(['rsa', 'ec']);
    expect(await keys.find({ alg: 'RS256', kid: 'rsa' })).toBeTypeOf('object');
  });

  test.each([
    ['twice, and the token has no kid', [rsa, ec, rsa], { alg: 'RS256' }],
    ['with and without kid', [rsa, { ...rsa, kid: null }], { alg: 'RS256' }],
    ['under two kids', [rsa, { ...rsa, kid: 'other' }], { alg: 'RS256' }],
    ['with and without use', [rsa, without(rsa, 'use')], { alg: 'RS256', kid: 'rsa' }],
    ['beside one that is broken', [{ ...rsa, n: 'AQAB' }, rsa], { alg: 'RS256', kid: 'rsa' }],
  ])('counts a key once that is listed %s', async (_how, listed, header) => {
    const key = await (await readProviderKeys({ keys: listed })).find(header);
    expect(typeof key === 'object' && (await exportJWK(key)).n).toBe(rsa.n);
  });

  test('reads a bounded number of keys', async () => {
    const keys = Array.from({ length: MAX_KEYS + 1 }, (_, index) => ({ ...ed, kid: `k${index}` }));
    expect((await readProviderKeys({ keys })).kids).toEqual(keys.slice(0, MAX_KEYS).map(({ kid }) => kid));
  });
});

describe('find', async () => {
  const keys = await readProviderKeys({ keys: [rsa, ec, without(ed, 'kid')] });

  test.each([
    ['the key with the kid', { alg: 'RS256', kid: 'rsa' }, 'RSASSA-PKCS1-v1_5'],
    ['the only key that fits, where there is no kid', { alg: 'ES256' }, 'ECDSA'],
  ])('gives %s', async (_what, header, algorithm) => {
    expect(await keys.find(header)).toMatchObject({ algorithm: { name: algorithm } });
  });

  test.each([
    ['no key has the kid', { alg: 'RS256', kid: 'new' }],
    ['the kid differs in case', { alg: 'RS256', kid: 'RSA' }],
    ['the kid is empty', { alg: 'RS256', kid: '' }],
  ])('says that the kid is unknown where %s', async (_what, header) => {
    expect(await keys.find(header)).toBe('unknown_kid');
  });

  test.each([
    ['the key with the kid is for another algorithm', { alg: 'ES256', kid: 'rsa' }],
    ['the key with the kid is for another RSA algorithm', { alg: 'PS256', kid: 'rsa' }],
    ['no key fits and there is no kid', { alg: 'ES384' }],
    ['the algorithm is unknown', { alg: 'HS256', kid: 'rsa' }],
    ['there is no algorithm', { kid: 'rsa' }],
    ['the algorithm is not a string', { alg: ['RS256'], kid: 'rsa' }],
  ])('gives none where %s', async (_what, header) => {
    expect(await keys.find(header)).toBeUndefined();
  });

  test('never chooses between two keys that fit', async () => {
    const twice = await readProviderKeys({ keys: [rsa, { ...newKeyPair('RS256', 'rsa').jwk }] });
    expect(await twice.find({ alg: 'RS256' })).toBeUndefined();
    expect(await twice.find({ alg: 'RS256', kid: 'rsa' })).toBeUndefined();
  });
});
