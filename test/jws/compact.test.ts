import { describe, expect, test } from 'vitest';
import { decodeCompactJws, decodeJws } from '../../lib/jws/compact.ts';

const encode = (bytes: string | Buffer): string => Buffer.from(bytes as string).toString('base64url');
const token = (header: string | Buffer, payload: string | Buffer, signature = 'AA'): string =>
  `${encode(header)}.${encode(payload)}.${signature}`;

describe('decodeCompactJws', () => {
  test('gives header, claims, signing input and signature', () => {
    expect(decodeCompactJws(token('{"alg":"RS256"}', '{"sub":"ä"}', 'AQID'))).toMatchObject({
      header: { alg: 'RS256' },
      claims: { sub: 'ä' },
      signingInput: `${encode('{"alg":"RS256"}')}.${encode('{"sub":"ä"}')}`,
      signature: Buffer.from([1, 2, 3]),
    });
  });

  test.each([
    ['nothing', ''],
    ['dots alone', '..'],
    ['many dots', '.'.repeat(16_384)],
    ['two parts', 'e30.e30'],
    ['four parts', 'e30.e30.AA.AA'],
    ['five parts, as an encrypted token has', 'e30.e30.AA.AA.AA'],
    ['an empty header', '.e30.AA'],
    ['an empty payload', 'e30..AA'],
    ['a header in plain JSON', '{}.e30.AA'],
    ['the JSON serialization', '{"payload":"e30","protected":"e30","signature":"AA"}'],
    ['a space in front', ' e30.e30.AA'],
    ['a line break behind', 'e30.e30.AA\n'],
    ['a line break within', 'e3\n0.e30.AA'],
    ['padding', 'e30=.e30.AA'],
    ['padding of the signature', 'e30.e30.AA=='],
    ['the alphabet of plain base64', 'e30.e30.+/'],
    ['unused bits of two characters', 'e30.e30.AB'],
    ['unused bits of three characters', 'e31.e30.AA'],
    ['one character left over', 'e30.e30.AAAAA'],
    ['letters that only look like ASCII', 'е30.e30.AA'],
    ['a zero byte', 'e30.e30.AA\0'],
    ['a list for a header', token('[]', '{}')],
    ['null for a header', token('null', '{}')],
    ['a string for a header', token('"RS256"', '{}')],
    ['a list for claims', token('{}', '[]')],
    ['null for claims', token('{}', 'null')],
    ['a number for claims', token('{}', '1')],
    ['text for claims', token('{}', 'hello')],
    ['JSON with something behind it', token('{}', '{}{}')],
    ['JSON with a comment', token('{}', '{}//')],
    ['a byte order mark', token('\ufeff{}', '{}')],
    ['a header that is not UTF-8', token(Buffer.from('{"alg":"\xff"}', 'latin1'), '{}')],
    ['claims that are not UTF-8', token('{}', Buffer.from('{"sub":"\xe4"}', 'latin1'))],
    ['claims with an overlong encoding', token('{}', Buffer.from('7b22c0ae223a317d', 'hex'))],
    ['claims in UTF-16', token('{}', Buffer.from('{}', 'utf16le'))],
    ['deep nesting that is never closed', token('{}', '['.repeat(10_000))],
  ])('refuses %s', (_what, text) => {
    expect(decodeCompactJws(text)).toBeUndefined();
  });

  test('reads the last of members that occur twice, in header and claims alike', () => {
    expect(decodeCompactJws(token('{"alg":"none","alg":"RS256"}', '{"sub":"a","sub":"b"}'))).toMatchObject({
      header: { alg: 'RS256' },
      claims: { sub: 'b' },
    });
  });

  test('takes a member called __proto__ for a member like any other', () => {
    const jws = decodeCompactJws(token('{"__proto__":{"alg":"RS256"}}', '{"__proto__":{"sub":"a"}}'));
    expect([jws?.header['alg'], jws?.claims['sub']]).toEqual([undefined, undefined]);
    expect({}).not.toHaveProperty('sub');
  });
});

test('decodeJws leaves the payload as it is', () => {
  expect(decodeJws(token('{}', 'no JSON'))?.payload).toEqual(Buffer.from('no JSON'));
});
