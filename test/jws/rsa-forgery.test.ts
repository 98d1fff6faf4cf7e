/**
 * Signatures that only the holder of an RSA key could make, but with their padding made wrong: what a lenient verifier
 * accepts, an attacker can forge for small exponents (Bleichenbacher 2006, CVE-2006-4339 and its successors).
 */

import { constants, createHash, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readProviderKeys } from '../../lib/jws/provider-keys.ts';
import { acceptsUnder } from './verifier.ts';

const BYTES = 256;
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: BYTES * 8 });
const KEYS = await readProviderKeys({ keys: [publicKey.export({ format: 'jwk' })] });
const inputOf = (alg: string): string => `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.e30`;
const DIGEST = createHash('sha256').update(inputOf('RS256')).digest('hex');
const DIGEST_INFO = `3031300d060960864801650304020105000420${DIGEST}`;

const accepts = (alg: string, signature: Buffer): Promise<boolean> =>
  acceptsUnder(KEYS, `${inputOf(alg)}.${signature.toString('base64url')}`);

/** The RSA private operation on a whole block, given in hexadecimal. */
function rawSignature(block: string): Buffer {
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, Buffer.from(block, 'hex'));
}

/** A PKCS #1 v1.5 block (RFC 8017 §9.2) whose parts may be other than they should. */
function block(
  info: string,
  { start = '0001', fill = 'ff', separator = '00', tail = '', fillBytes = -1 } = {},
): string {
  const rest = BYTES - (start.length + separator.length + info.length + tail.length) / 2;
  return start + fill.repeat(fillBytes < 0 ? rest : fillBytes) + separator + info + tail;
}

/** Fills a block up behind its digest, as the attack does. */
function blockWithTail(info: string, fillBytes: number): string {
  const tailBytes = BYTES - 3 - fillBytes - info.length / 2;
  return block(info, { fillBytes, tail: '00'.repeat(tailBytes) });
}

describe('RS256', () => {
  test('accepts the block of RFC 8017 §9.2, which shows that the others fail for their padding alone', async () => {
    expect(await accepts('RS256', rawSignature(block(DIGEST_INFO)))).toBe(true);
  });

  test.each([
    ['bytes behind the digest after the least padding', blockWithTail(DIGEST_INFO, 8)],
    ['bytes behind the digest after no padding', blockWithTail(DIGEST_INFO, 0)],
    ['one byte behind the digest', block(DIGEST_INFO, { tail: '00' })],
    ['a padding byte that is not ff', block(DIGEST_INFO, { fill: 'fe' })],
    ['padding of zeros', block(DIGEST_INFO, { fill: '00' })],
    ['block type 0', block(DIGEST_INFO, { start: '0000' })],
    ['block type 2', block(DIGEST_INFO, { start: '0002' })],
    ['no separator', block(DIGEST_INFO, { separator: '' })],
    ['a separator that is not zero', block(DIGEST_INFO, { separator: '01' })],
    ['two separators', block(DIGEST_INFO, { separator: '0000' })],
    ['the digest without its algorithm', block(DIGEST)],
    ['an algorithm without its NULL', block(`302f300b06096086480165030402010420${DIGEST}`)],
    [
      'an algorithm with a NULL that holds bytes',
      block(`3033300f0609608648016503040201050200000420${DIGEST}`),
    ],
    ['a sequence of long length', block(`308131300d060960864801650304020105000420${DIGEST}`)],
    ['an octet string of long length', block(`3032300d06096086480165030402010500048120${DIGEST}`)],
    ['a sequence of indefinite length', block(`3080300d060960864801650304020105000420${DIGEST}0000`)],
    ['a sequence of another tag', block(`3131300d060960864801650304020105000420${DIGEST}`)],
    ['a truncated digest', block(`3030300d06096086480165030402010500041f${DIGEST.slice(2)}`)],
    ["SHA-1's name on the digest", block(`302d300906052b0e03021a05000420${DIGEST}`)],
    ["SHA-512's name on the digest", block(`3031300d060960864801650304020305000420${DIGEST}`)],
    ['the digest of something else', block(DIGEST_INFO.replace(DIGEST, '00'.repeat(32)))],
  ])('refuses %s', async (_what, forged) => {
    expect(forged).toHaveLength(2 * BYTES);
    expect(await accepts('RS256', rawSignature(forged))).toBe(false);
  });

  const good = rawSignature(block(DIGEST_INFO));
  test.each([
    ['a byte in front', Buffer.concat([Buffer.alloc(1), good])],
    ['a byte behind', Buffer.concat([good, Buffer.alloc(1)])],
    ['a byte less', good.subarray(1)],
    ['the block itself', Buffer.from(block(DIGEST_INFO), 'hex')],
    ['zero', Buffer.alloc(BYTES)],
    ['one', Buffer.from(`${'00'.repeat(BYTES - 1)}01`, 'hex')],
    ['more than the modulus', Buffer.alloc(BYTES, 0xff)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses a signature that is %s', async (_what, signature) => {
    expect(await accepts('RS256', signature)).toBe(false);
  });
});

describe('one RSA key and several algorithms', () => {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const hashOf = (alg: string): string => `sha${alg.slice(2)}`;
  /** Made as `made` says, over a header that names `named`. */
  const signatureOf = (made: string, named: string): Buffer => {
    const data = Buffer.from(inputOf(named));
    const pss = { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return sign(hashOf(made), data, { key: privateKey, ...(made.startsWith('PS') && pss) });
  };
  const names = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  const pairs = names.flatMap((made) => names.map((named) => [made, named] as const));

  test.each(pairs)('a signature made by %s is judged by its header %s', async (made, named) => {
    expect(await accepts(named, signatureOf(made, named))).toBe(made === named);
  });

  test.each([0, 20, 31, 33, 64, 222])('PS256 refuses a salt of %i bytes', async (saltLength) => {
    const salted = sign('sha256', Buffer.from(inputOf('PS256')), { key: privateKey, padding, saltLength });
    expect(await accepts('PS256', salted)).toBe(false);
  });

  test('PS256 refuses a salt of 32 bytes under another digest', async () => {
    const other = { key: privateKey, padding, saltLength: 32 };
    expect(await accepts('PS256', sign('sha384', Buffer.from(inputOf('PS256')), other))).toBe(false);
  });

  test.each(['RS1', 'none', 'rs256', 'RS256 ', '', 'toString', '__proto__', 'HS256'])(
    'the algorithm %j is refused whatever the signature',
    async (alg) => {
      const accepted = await Promise.all(names.map((made) => accepts(alg, signatureOf(made, alg))));
      expect(accepted.filter(Boolean)).toEqual([]);
    },
  );
});
