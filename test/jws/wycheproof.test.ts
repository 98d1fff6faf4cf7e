/**
 * JSON Web Signature vectors of project Wycheproof (C2SP/wycheproof, testvectors_v1/json_web_signature_test.json, Apache
 * License 2.0), by their tcId: all for HS256 and ES256. Those for RSA padding are in rsa-forgery.test.ts as
 * the same attacks on a key of our own, for they are large.
 */

import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeJws } from '../../lib/jws/compact.ts';
import { accepts as acceptsUnderKey, hasValidSignature } from './verifier.ts';

const EC_KEY = {
  kid: 'kid-ec-sign',
  kty: 'EC',
  crv: 'P-256',
  x: '04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY',
  y: 'UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw',
};
const EC_HEADER = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0';
const R = '5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutr';
const SIGNATURE = `${R}qWrte5P-pAvsE3Ve6xSyU3YDQwUHjVVOtvcrEbbnZ8yA`;

const acceptsEs256 = (token: string, jwk: object = { ...EC_KEY, alg: 'ES256', use: 'sig' }) =>
  acceptsUnderKey(token, jwk);

describe('ES256', () => {
  test.each([
    [18, 'the signature as made', SIGNATURE],
    [378, 'the signature with n - s', `${R}ppUShFwBW_Qj7IqhFOtNrIXLLKXS5CSZmERxmnjeyoiQ`],
  ])('%i: accepts %s', async (_tcId, _what, signature) => {
    expect(await acceptsEs256(`${EC_HEADER}.Zm9v.${signature}`)).toBe(true);
  });

  test.each([
    [19, 'a modified signature', `${EC_HEADER}.Zm9v.X${SIGNATURE.slice(1)}`],
    [20, 'a missing signature', `${EC_HEADER}.Zm9v.`],
    [21, 'a missing signature and separator', `${EC_HEADER}.Zm9v`],
    [22, 'a modified payload', `${EC_HEADER}.WG9v.${SIGNATURE}`],
    [23, 'a missing payload', `${EC_HEADER}..${SIGNATURE}`],
    [24, 'a missing payload and separator', `${EC_HEADER}.${SIGNATURE}`],
    [25, 'a modified header', `eyJhbGciOiJFUzI1NiIsImtpZCI6IlhpZC1lYy1zaWduIn0.Zm9v.${SIGNATURE}`],
    [26, 'a missing header', `.Zm9v.${SIGNATURE}`],
    [27, 'a missing header and separator', `Zm9v.${SIGNATURE}`],
    [28, 'a missing header and signature', '.Zm9v.'],
    [29, 'a payload alone', 'Zm9v'],
    [30, 'nothing', ''],
    [
      31,
      'a MAC made with the public key as the secret',
      'eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0.Zm9v.TgWtz2FIRukBQ_mA5sgHa0Ybtgn7bl-YBPAi7Z0XdHU',
    ],
    [
      32,
      "an attacker's key embedded in the header",
      'eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIiwiandrIjp7Imt0eSI6IkVDIiwia2lkIjoia2lkLWVjLXNpZ24iLCJ1c2UiOiJzaWciLCJhbGciOiJFUzI1NiIsIngiOiJNZG5UWkRJaERKYmZBU2RGcWFtY3BPMkNoOUdOS0sybTBNUWxoNDAyU3BvIiwieSI6Ijdhdko0bHFfV3l4LW5MUERCUTJZcHl0dUh5TWlvMDdCVXl2bDNqYUMtMVkiLCJjcnYiOiJQLTI1NiJ9fQ.Zm9v.4jmsollQD8ZxvySzXYnIEYA4fwaZi2ZbC0aI1J4LYmW2Bn31NhKdjms2N6o51Dff5-InWXQF9m45VtTexl6yjg',
    ],
    [
      379,
      'R and S with a zero byte in front',
      `${EC_HEADER}.Zm9v.AOXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AJau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`,
    ],
    [
      380,
      'zero bytes behind R and S',
      `${EC_HEADER}.Zm9v.5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutroAlq7XuT_qQL7BN1XusUslN2A0MFB41VTrb3KxG252fMgA`,
    ],
    [
      381,
      'an R that is too big',
      `${EC_HEADER}.Zm9v.AeXANDd8jD-4s2plHeXPZFeeUhXFGPm1S1ChNFgFkdwLAJau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`,
    ],
    [
      382,
      'an S that is too big',
      `${EC_HEADER}.Zm9v.AOXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AZau17g_6kC_wTdV7rFLJTcdGyr-H-zzcGMse95q2aIZ`,
    ],
    [
      383,
      'an R that overflows',
      `${EC_HEADER}.Zm9v.AeXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AJau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`,
    ],
    [
      384,
      'an S that overflows',
      `${EC_HEADER}.Zm9v.AOXANDh8jD-3s2plHeXPZFfhaxsXceIWxlznaZUJLra6AZau17k_6kC-wTdV7rFLJTdgNDBQeNVU629ysRtudnzI`,
    ],
  ])('%i: refuses %s', async (_tcId, _what, token) => {
    expect(await acceptsEs256(token)).toBe(false);
  });

  test('385: refuses R and S of hundreds of bytes', async () => {
    const [r, s] = [
      Buffer.from(SIGNATURE, 'base64url').subarray(0, 32),
      Buffer.from(SIGNATURE, 'base64url').subarray(32),
    ];
    const long = Buffer.concat([Buffer.alloc(224), r, Buffer.alloc(224), s]).toString('base64url');
    expect(await acceptsEs256(`${EC_HEADER}.Zm9v.${long}`)).toBe(false);
  });

  const ZERO = '00'.repeat(32);
  const ONE = `${'00'.repeat(31)}01`;
  const N_MINUS_1 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550';
  const N = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  const EDGES = { ZERO, ONE, N_MINUS_1, N };
  const pairs = Object.entries(EDGES).flatMap(([rName, r]) =>
    Object.entries(EDGES).map(([sName, s]) => [rName, sName, r + s] as const),
  );

  test.each(pairs)('386 to 401: refuses R = %s, S = %s', async (_r, _s, hex) => {
    expect(await acceptsEs256(`${EC_HEADER}.Zm9v.${Buffer.from(hex, 'hex').toString('base64url')}`)).toBe(
      false,
    );
  });

  test('356: refuses a good signature under a key that is for encryption', async () => {
    expect(await acceptsEs256(`${EC_HEADER}.Zm9v.${SIGNATURE}`, { ...EC_KEY, key_ops: ['encrypt'] })).toBe(
      false,
    );
    expect(await acceptsEs256(`${EC_HEADER}.Zm9v.${SIGNATURE}`, { ...EC_KEY, use: 'enc' })).toBe(false);
  });
});

describe('HS256', () => {
  const FIRST_KEY = createSecretKey('-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE', 'base64url');
  const FIRST_HEADER = 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC1hZXMtc2lnbiJ9';
  const FIRST_MAC = 'TD37p4c_0jmreSrBSDmE0F3mYSPtkZ3WrSyI5wb_KTg';

  test.each([
    [1, true, 'the MAC as made', `${FIRST_HEADER}.Zm9v.${FIRST_MAC}`],
    [2, false, 'a modified MAC', `${FIRST_HEADER}.Zm9v.X${FIRST_MAC.slice(1)}`],
    [3, false, 'a missing MAC', `${FIRST_HEADER}.Zm9v.`],
    [4, false, 'a missing MAC and separator', `${FIRST_HEADER}.Zm9v`],
    [5, false, 'a modified payload', `${FIRST_HEADER}.WG9v.${FIRST_MAC}`],
    [6, false, 'a missing payload', `${FIRST_HEADER}..${FIRST_MAC}`],
    [7, false, 'a missing payload and separator', `${FIRST_HEADER}.${FIRST_MAC}`],
    [8, false, 'a modified header', `eyJhbGciOiJIUzI1NiIsImtpZCI6IlhpZC1hZXMtc2lnbiJ9.Zm9v.${FIRST_MAC}`],
    [9, false, 'a missing header', `.Zm9v.${FIRST_MAC}`],
    [10, false, 'a missing header and separator', `Zm9v.${FIRST_MAC}`],
    [11, false, 'a missing header and MAC', '.Zm9v.'],
    [12, false, 'a payload alone', 'Zm9v'],
    [13, false, 'nothing', ''],
    [14, false, 'an empty fourth part', `${FIRST_HEADER}.Zm9v.${FIRST_MAC}.`],
    [15, false, 'a fourth part', `${FIRST_HEADER}.Zm9v.${FIRST_MAC}.foo`],
    [16, false, 'alg none and no MAC', 'eyJhbGciOiJub25lIiwia2lkIjoia2lkLWFlcy1zaWduIn0.Zm9v.'],
    [
      17,
      false,
      'the JSON serialization',
      `{"payload":"Zm9v","signatures":[{"protected":"${FIRST_HEADER}","header":{"unknown":"untrustworthy"},"signature":"${FIRST_MAC}"}`,
    ],
  ])('%i: accepted is %s for %s', async (_tcId, isGood, _what, token) => {
    expect(decodeJws(token) !== undefined && (await hasValidSignature(token, FIRST_KEY, 'HS256'))).toBe(
      isGood,
    );
  });

  const KEY = createSecretKey('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'base64url');
  const HEADER = 'eyJraWQiOiJoczI1Ni1rZXkiLCJhbGciOiJIUzI1NiJ9';
  const MAC = 'c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8';

  const accepts = async (token: string): Promise<boolean> =>
    decodeJws(token) !== undefined && hasValidSignature(token, KEY, 'HS256');

  test.each([
    [357, 'a MAC', `${HEADER}.VGVzdA.${MAC}`],
    [
      358,
      'a MAC that begins with zeros',
      `${HEADER}.VDIxMzI1NjY4.AAAAtBuQqoI9HuBeAsgjL4nx8sCGYJa5-G2OrureLO4`,
    ],
    [359, 'a MAC that begins with ones', `${HEADER}.VDgxMjM0MTM.____ETVRY0lRV9XgQeYX6ixdGT0NLHYb-wZem_ifJ5k`],
    [
      376,
      'spaces in the header',
      'eyAia2lkIiA6ICJoczI1Ni1rZXkiLCAiYWxnIiA6ICJIUzI1NiIgfQ.VGVzdA.3nl1C7dKVGLfNyALp4ZKkmNFBJlFP8M9VGzCyil9S1c',
    ],
    [
      377,
      'other white space in the header',
      'eyJraWQiOiJoczI1Ni1rZXkiLAoJImFsZyI6IkhTMjU2In0.VGVzdA.Yxn8cTl7IHpFIoEPOFrWmjm-GQlr_RMqHNJOp1ZuweY',
    ],
  ])('%i: accepts %s', async (_tcId, _what, token) => {
    expect(await accepts(token)).toBe(true);
  });

  test.each([
    [360, 'spaces before the MAC', `${HEADER}.VGVzdA.    ${MAC}`],
    [361, 'a strange character before the MAC', `${HEADER}.VGVzdA.?${MAC}`],
    [362, 'a strange character behind the MAC', `${HEADER}.VGVzdA.${MAC}?`],
    [
      363,
      'a strange character for a zero',
      `${HEADER}.VDIxMzI1NjY4.?AAAtBuQqoI9HuBeAsgjL4nx8sCGYJa5-G2OrureLO4`,
    ],
    [
      364,
      'strange characters in the MAC',
      `${HEADER}.VDgxMjM0MTM.????ETVRY0lRV9XgQeYX6ixdGT0NLHYb-wZem_ifJ5k`,
    ],
    [365, 'spaces behind the header', `${HEADER}    .VGVzdA.DR-cdw2cCB53b3mpzMfk2gKTeyN0PhXBrTW1atMfSdM`],
    [
      366,
      'strange characters behind the header',
      `${HEADER}####.VGVzdA.23srvDiEYo7665_26qKv4D-0E2a149WRWH_av2ki2I4`,
    ],
    [368, 'spaces before the payload', `${HEADER}.    VGVzdA.AbPJgmXfihyNBUYpbdPK8qRpPjNuTE-Z_wYQyrU2lMQ`],
    [
      369,
      'strange characters before the payload',
      `${HEADER}.####VGVzdA.Ixs2CdBkk8qjqe2-hq2dobqVvv9iDcDS6gPNgoXJyFY`,
    ],
    [
      371,
      'a strange character before the payload',
      `${HEADER}.?VGVzdA.q0zEA3Js33N6HcOFfBK875qJ_nFwSzI9SN9qJnx5sOc`,
    ],
    [374, 'unused bits in the payload', `${HEADER}.AB.8sL_ycV8G_D-K_2A3I0EW3NoPMeQzv13cAzuHlQ5TAE`],
    [
      375,
      'a MAC over unused bits in the payload',
      `${HEADER}.AB.9phoKDvkBMAqTgeVIYeqAi6-lvC0pbKg9ER--3T97w0`,
    ],
  ])('%i: refuses %s', async (_tcId, _what, token) => {
    expect(await accepts(token)).toBe(false);
  });

  test.each([
    [367, 'padding of the header', `${HEADER}==.VGVzdA.${MAC}`],
    [370, 'padding of the payload', `${HEADER}.VGVzdA==.${MAC}`],
    [372, 'a strange character in the header', `${HEADER.slice(0, -1)}?9.VGVzdA.${MAC}`],
    [373, 'a strange character in the payload', `${HEADER}.VGVzdA?.${MAC}`],
  ])('%i: refuses %s, though a lenient decoder would read the same bytes', async (_tcId, _what, token) => {
    expect(await accepts(token)).toBe(false);
  });
});
