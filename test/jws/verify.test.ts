import { createHmac, createPublicKey, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { VERIFICATION_ALGORITHMS } from '../../lib/jws/algorithms.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { newKeyPair } from './key-pairs.ts';
import { accepts, signatureBy, hasValidSignature } from './verifier.ts';

const PAIRS = [...VERIFICATION_ALGORITHMS.keys()].map((alg) => ({ alg, ...newKeyPair(alg, 'a') }));
const inputOf = (header: object): string =>
  `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30`;
const tokenOf = (input: string, signature: Buffer): string => `${input}.${signature.toString('base64url')}`;

const DEMANDS = [
  ['crit', { crit: ['exp'], exp: 1 }],
  ['crit that names b64', { crit: ['b64'], b64: true }],
  ['a payload that is not base64url', { crit: ['b64'], b64: false }],
  ['b64', { b64: true }],
] as const;

describe.each(PAIRS)('$alg', ({ alg, jwk, privateKey }) => {
  const input = inputOf({ alg, kid: 'a' });
  const signature = signatureBy(alg, privateKey, input);
  const token = tokenOf(input, signature);

  test('verifies under its own key', async () => {
    expect(await accepts(token, jwk)).toBe(true);
  });

  test('fails under a key of every algorithm that is not its own', async () => {
    const others = PAIRS.map((pair) => (pair.alg === alg ? newKeyPair(alg, 'a').jwk : pair.jwk));
    const accepted = await Promise.all(others.map((other) => accepts(token, other)));
    expect(accepted.filter(Boolean)).toEqual([]);
  });

  test('fails under its own key if that is for another algorithm', async () => {
    // On its curve, EdDSA and Ed25519 are the same.
    const { kty } = VERIFICATION_ALGORITHMS.get(alg) ?? {};
    const others = [...VERIFICATION_ALGORITHMS].filter(
      ([name, other]) => other.kty === kty && kty !== 'OKP' && name !== alg,
    );
    const accepted = await Promise.all(others.map(([name]) => accepts(token, { ...jwk, alg: name })));
    expect(accepted.filter(Boolean)).toEqual([]);
  });

  test('takes no key out of its header, and no notice of one', async () => {
    const attacker = newKeyPair(alg, 'a');
    const own = inputOf({
      alg,
      kid: 'a',
      jwk: attacker.jwk,
      jku: 'https://attacker.example/',
      x5c: ['MIIB'],
    });
    expect(await accepts(tokenOf(own, signatureBy(alg, attacker.privateKey, own)), jwk)).toBe(false);
    expect(await accepts(tokenOf(own, signatureBy(alg, privateKey, own)), jwk)).toBe(true);
  });

  test.each(DEMANDS)('fails with %s in its header', async (_what, members) => {
    const demanding = inputOf({ alg, kid: 'a', ...members });
    const signed = tokenOf(demanding, signatureBy(alg, privateKey, demanding));
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    expect(await hasValidSignature(signed, key, alg)).toBe(false);
    expect(await accepts(signed, jwk)).toBe(false);
  });

  test('fails with no signature, and with a longer or shorter one', async () => {
    const changed = [
      Buffer.alloc(0),
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.alloc(1)]),
    ];
    const accepted = await Promise.all(changed.map((each) => accepts(tokenOf(input, each), jwk)));
    expect(accepted.filter(Boolean)).toEqual([]);
  });
});

test.each(['ES256', 'ES384', 'ES512'])('%s refuses a signature in ASN.1', async (alg) => {
  const { jwk, privateKey } = newKeyPair(alg, 'a');
  const input = inputOf({ alg, kid: 'a' });
  const der = sign(`sha${alg.slice(2)}`, Buffer.from(input), { key: privateKey, dsaEncoding: 'der' });
  expect(await accepts(tokenOf(input, der), jwk)).toBe(false);
});

test.each([
  ['Ed25519', 'Ed25519'],
  ['Ed25519', 'EdDSA'],
  ['EdDSA', 'Ed25519'],
])('%s in the header verifies under an Ed25519 key for %s, another name of the same', async (alg, name) => {
  const { jwk, privateKey } = newKeyPair(alg, 'a');
  const input = inputOf({ alg, kid: 'a' });
  expect(await accepts(tokenOf(input, signatureBy(alg, privateKey, input)), { ...jwk, alg: name })).toBe(
    true,
  );
});

describe('a MAC', () => {
  const key = hmacKey('a secret of thirty-two bytes or more');
  const input = inputOf({ alg: 'HS256' });
  const mac = createHmac('sha256', key).update(input).digest('base64url');

  test('verifies under its own secret', async () => {
    expect(await hasValidSignature(`${input}.${mac}`, key, 'HS256')).toBe(true);
  });

  test.each([
    ['changed', `A${mac.slice(1)}`],
    ['cut', mac.slice(0, 40)],
    ['longer', `${mac}AAAA`],
    ['missing', ''],
  ])('fails if it is %s', async (_what, changed) => {
    expect(await hasValidSignature(`${input}.${changed}`, key, 'HS256')).toBe(false);
  });

  test.each(['HS384', 'none', 'RS256', undefined])('fails under the header %s', async (alg) => {
    const other = inputOf({ alg });
    const good = createHmac('sha256', key).update(other).digest('base64url');
    expect(await hasValidSignature(`${other}.${good}`, key, 'HS256')).toBe(false);
  });

  test.each(DEMANDS)('fails with %s in its header', async (_what, members) => {
    const demanding = inputOf({ alg: 'HS256', ...members });
    const good = createHmac('sha256', key).update(demanding).digest('base64url');
    expect(await hasValidSignature(`${demanding}.${good}`, key, 'HS256')).toBe(false);
  });

  test('made with a public key as the secret is never good', async () => {
    const { jwk } = newKeyPair('RS256', 'a');
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const spki = publicKey.export({ type: 'spki', format: 'pem' });
    const forged = createHmac('sha256', spki).update(input).digest('base64url');
    expect(await accepts(`${input}.${forged}`, jwk)).toBe(false);
    expect(await hasValidSignature(`${input}.${forged}`, publicKey, 'HS256')).toBe(false);
    expect(await hasValidSignature(`${input}.${forged}`, publicKey, 'RS256')).toBe(false);
  });
});
