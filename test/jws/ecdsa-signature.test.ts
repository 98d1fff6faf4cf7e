import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toRawSignature } from '../../lib/jws/ecdsa-signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

test('a signature in DER verifies as the raw one that JWS wants, of always 64 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (message) => {
      const raw = toRawSignature(sign('sha256', message, privateKey));
      expect(raw).toHaveLength(64);
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
    }),
    // Of so many, some have an integer with a leading zero, and some a short one.
    { numRuns: 600 },
  );
});

test.each([
  ['nothing', ''],
  ['another type', '310602010102010100'],
  ['one integer', '3003020101'],
  ['more than two integers', '3009020101020101020101'],
  ['an integer that is cut off', '300602010102050101'],
  ['a length that is not its own', '300702010102010100'],
  ['an integer of 33 bytes', `3026022101${'11'.repeat(32)}020101`],
  ['an empty integer', '30050200020101'],
])('%s is refused', (_what, hex) => {
  expect(() => toRawSignature(Buffer.from(hex, 'hex'))).toThrow(TypeError);
});
