import { encode, Tagged } from 'cborg';
import fc from 'fast-check';
import { createPublicKey, createSecretKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { toCose } from '../../lib/cwt/cose.ts';
import { decodeCwt } from '../../lib/cwt/cwt.ts';
import { CWT_CLAIMS, fromCwtClaims, readCoseHeader, toCwtClaims } from '../../lib/cwt/labels.ts';
import type { HeldKey } from '../../lib/jws/sign.ts';
import { newPrivateKey } from '../support/signing-keys.ts';

/** The examples of the standards, byte by byte. */

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'hex');
const NO_HEADER = new Map<number, unknown>();

/** RFC 8392 §A.1. */
const CLAIMS = {
  iss: 'coap://as.example.com',
  sub: 'erikw',
  aud: 'coap://light.example.com',
  exp: 1_444_064_944,
  nbf: 1_443_944_944,
  iat: 1_443_944_944,
  jti: bytesOf('0b71'),
};
const CLAIMS_HEX =
  'a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e657861' +
  '6d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71';

/** RFC 8392 §A.3. */
const SIGNED_HEX =
  `d28443a10126a104524173796d6d657472696345434453413235365850${CLAIMS_HEX}58405427c1ff28d23fbad1f29c4c7c6a555e` +
  '601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30';

/** RFC 8392 §A.4. */
const MACED_HEX = `d83dd18443a10104a1044c53796d6d65747269633235365850${CLAIMS_HEX}48093101ef6d789200`;

/** A key held elsewhere that answers each request with this signature; `asked` are the requests. */
async function keyThatGives(signature: Buffer): Promise<{ key: HeldKey; asked: Uint8Array[] }> {
  const { publicKey } = await newPrivateKey('ES256', 'a');
  const asked: Uint8Array[] = [];
  const sign = (input: Uint8Array): Promise<Uint8Array> => {
    asked.push(input);
    return Promise.resolve(signature);
  };
  return { key: { alg: 'ES256', kid: 'a', publicKey, sign, signatureBytes: 64 }, asked };
}

function isSignedBy(jwk: { x: string; y: string }, input: Uint8Array, signature: Uint8Array): boolean {
  const [x, y] = [jwk.x, jwk.y].map((part) => bytesOf(part).toString('base64url'));
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' });
  return verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

test('RFC 8392 A.1: a claims set', () => {
  expect(hex(encode(toCwtClaims(CLAIMS, CWT_CLAIMS)))).toBe(CLAIMS_HEX);
});

test('RFC 8392 A.3: a signed CWT', async () => {
  const signature = bytesOf(SIGNED_HEX).subarray(-64);
  const { key, asked } = await keyThatGives(signature);
  const message = await toCose(
    {
      protectedHeader: new Map([[1, -7]]),
      unprotectedHeader: new Map([[4, Buffer.from('AsymmetricECDSA256')]]),
      payload: encode(toCwtClaims(CLAIMS, CWT_CLAIMS)),
    },
    key,
  );
  expect(hex(encode(new Tagged(18, message)))).toBe(SIGNED_HEX);
  const publicKey = {
    x: '143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f',
    y: '60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9',
  };
  expect(isSignedBy(publicKey, asked[0] ?? signature, signature)).toBe(true);
});

test('RFC 8392 A.4: a MACed CWT, whose MAC is the first 8 bytes of ours', async () => {
  const secret = bytesOf('403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388');
  const [header, unprotected, payload, mac] = await toCose(
    {
      protectedHeader: new Map([[1, 4]]),
      unprotectedHeader: new Map([[4, Buffer.from('Symmetric256')]]),
      payload: encode(toCwtClaims(CLAIMS, CWT_CLAIMS)),
    },
    { alg: 'HS256', kid: 'a', key: createSecretKey(secret) },
  );
  const short = mac instanceof Uint8Array ? mac.subarray(0, 8) : mac;
  const token = encode(new Tagged(61, new Tagged(17, [header, unprotected, payload, short])));
  expect(hex(token)).toBe(MACED_HEX);
});

test('RFC 9052 C.2.1: a COSE_Sign1', async () => {
  const expected =
    'd28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c' +
    '083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36';
  const signature = bytesOf(expected).subarray(-64);
  const { key, asked } = await keyThatGives(signature);
  const message = await toCose(
    {
      protectedHeader: new Map([[1, -7]]),
      unprotectedHeader: new Map([[4, Buffer.from('11')]]),
      payload: Buffer.from('This is the content.'),
    },
    key,
  );
  expect(hex(encode(new Tagged(18, message)))).toBe(expected);
  const publicKey = {
    x: 'bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff',
    y: '20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e',
  };
  expect(isSignedBy(publicKey, asked[0] ?? signature, signature)).toBe(true);
});

test('RFC 9052 §6.2: a COSE_Mac0 of HMAC 256/256, by the example HMAC-ENC-01 of its working group', async () => {
  const secret = Buffer.from('hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg', 'base64url');
  const message = await toCose(
    {
      protectedHeader: new Map([[1, 5]]),
      unprotectedHeader: NO_HEADER,
      payload: Buffer.from('This is the content.'),
    },
    { alg: 'HS256', kid: 'a', key: createSecretKey(secret) },
  );
  expect(hex(encode(new Tagged(17, message)))).toBe(
    'd18443a10105a054546869732069732074686520636f6e74656e742e5820' +
      'a1a848d3471f9d61ee49018d244c824772f223ad4f935293f1789fc3a08d8c58',
  );
});

test.each([
  ['signed', SIGNED_HEX, { alg: 'ES256', kid: 'AsymmetricECDSA256' }],
  ['MACed', MACED_HEX, { alg: 4, kid: 'Symmetric256' }],
])('the %s CWT is read back', (_what, token, header) => {
  const read = decodeCwt(bytesOf(token).toString('base64url'));
  expect(read && readCoseHeader(read.header)).toEqual(header);
  expect(read && fromCwtClaims(read.claims, CWT_CLAIMS)).toEqual({ ...CLAIMS, jti: '0b71' });
});

test('whatever is not a token is read as none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(decodeCwt(Buffer.from(bytes).toString('base64url'))).toBeUndefined();
    }),
  );
  const cut = bytesOf(SIGNED_HEX);
  for (let length = 0; length < cut.length; length += 1) {
    expect(decodeCwt(cut.subarray(0, length).toString('base64url'))).toBeUndefined();
  }
});
