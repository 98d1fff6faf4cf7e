import { createHmac, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { VERIFICATION_ALGORITHMS } from '../../lib/jws/algorithms.ts';
import { hmacKey, verificationKeyOf } from '../../lib/jws/sign.ts';
import { hasValidSignature } from '../../lib/jws/verify.ts';
import { newKeyPair } from './key-pairs.ts';
import { accepts, signatureBy } from './verifier.ts';

const PAIRS = [...VERIFICATION_ALGORITHMS.keys()].map((alg) => ({ alg, ...newKeyPair(alg, 'a') }));
const inputOf = (header: object): string =>
  `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30`;
const tokenOf = (input: string, signature: Buffer): string => `${input}.${signature.toString('base64url')}`;

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
    const { kty } = VERIFICATION_ALGORITHMS.get(alg) ?? {};
    const others = [...VERIFICATION_ALGORITHMS].filter(([name, other]) => other.kty === kty && name !== alg);
    const accepted = await Promise.all(others.map(([name]) => accepts(token, { ...jwk, alg: name })));
    expect(accepted.filter(Boolean)).toEqual([]);
  });

  test('fails with a header that must be understood', async () => {
    const critical = inputOf({ alg, kid: 'a', crit: ['exp'], exp: 1 });
    expect(await accepts(tokenOf(critical, signatureBy(alg, privateKey, critical)), jwk)).toBe(false);
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

  test('made with a public key as the secret is never good', async () => {
    const { jwk, privateKey } = newKeyPair('RS256', 'a');
    const spki = verificationKeyOf({ alg: 'RS256', kid: 'a', key: privateKey }).export({
      type: 'spki',
      format: 'pem',
    });
    const forged = createHmac('sha256', spki).update(input).digest('base64url');
    expect(await accepts(`${input}.${forged}`, jwk)).toBe(false);
    const publicKey = verificationKeyOf({ alg: 'RS256', kid: 'a', key: privateKey });
    expect(await hasValidSignature(`${input}.${forged}`, publicKey, 'HS256')).toBe(false);
    expect(await hasValidSignature(`${input}.${forged}`, publicKey, 'RS256')).toBe(false);
  });
});
