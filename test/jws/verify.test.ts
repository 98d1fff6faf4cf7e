import { sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { VERIFICATION_ALGORITHMS } from '../../lib/jws/algorithms.ts';
import type { Jws } from '../../lib/jws/compact.ts';
import { usableKeys } from '../../lib/jws/jwk.ts';
import type { VerificationKey } from '../../lib/jws/jwk.ts';
import { verifySignature } from '../../lib/jws/verify.ts';
import { newKeyPair } from './key-pairs.ts';

const SIGNING_INPUT = 'e30.e30';
const DATA = Buffer.from(SIGNING_INPUT);
const PAIRS = [...VERIFICATION_ALGORITHMS.keys()].map((alg) => ({ alg, ...newKeyPair(alg, 'a') }));

function keyOf(jwk: object): VerificationKey {
  const [key] = usableKeys({ keys: [jwk] });
  if (key === undefined) throw new Error('the key is not usable');
  return key;
}

function signedBy(alg: string, signature: Buffer): Jws {
  return { header: { alg, kid: 'a' }, payload: Buffer.from('{}'), signingInput: SIGNING_INPUT, signature };
}

describe.each(PAIRS)('$alg', ({ alg, jwk, privateKey }) => {
  const { hash = null, options = {} } = VERIFICATION_ALGORITHMS.get(alg) ?? {};
  const jws = signedBy(alg, sign(hash, DATA, { key: privateKey, ...options }));

  test('verifies under its own key', () => {
    expect(verifySignature(jws, keyOf(jwk))).toBe(true);
  });

  test('fails under a key of every algorithm that is not its own', () => {
    const others = PAIRS.map((pair) => keyOf(pair.alg === alg ? newKeyPair(alg, 'a').jwk : pair.jwk));
    expect(others.filter((key) => verifySignature(jws, key))).toEqual([]);
  });

  test('fails under its own key where that is for another algorithm', () => {
    const { kty } = VERIFICATION_ALGORITHMS.get(alg) ?? {};
    const others = [...VERIFICATION_ALGORITHMS].filter(([name, other]) => other.kty === kty && name !== alg);
    for (const [name] of others) {
      for (const key of usableKeys({ keys: [{ ...jwk, alg: name }] }))
        expect(verifySignature(jws, key)).toBe(false);
    }
  });

  test('fails with a header that must be understood', () => {
    expect(verifySignature({ ...jws, header: { ...jws.header, crit: ['exp'], exp: 1 } }, keyOf(jwk))).toBe(
      false,
    );
  });

  test('fails with no signature, and with a longer or shorter one', () => {
    const { signature } = jws;
    const changed = [
      Buffer.alloc(0),
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.alloc(1)]),
    ];
    expect(changed.filter((each) => verifySignature(signedBy(alg, each), keyOf(jwk)))).toEqual([]);
  });
});

test.each(['ES256', 'ES384'])('%s refuses a signature in ASN.1', (alg) => {
  const { jwk, privateKey } = newKeyPair(alg, 'a');
  const { hash = null } = VERIFICATION_ALGORITHMS.get(alg) ?? {};
  const der = sign(hash, DATA, { key: privateKey, dsaEncoding: 'der' });
  expect(verifySignature(signedBy(alg, der), keyOf(jwk))).toBe(false);
});
