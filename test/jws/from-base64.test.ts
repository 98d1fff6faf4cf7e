import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64 } from '../../lib/jws/from-base64.ts';

test.each(['base64', 'base64url'] as const)('reads the %s of any bytes', (alphabet) => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(Buffer.from(fromBase64(Buffer.from(bytes).toString(alphabet), { alphabet }))).toEqual(
        Buffer.from(bytes),
      );
    }),
  );
});

test.each(['base64', 'base64url'] as const)('refuses what %s cannot hold', (alphabet) => {
  const other = alphabet === 'base64' ? '-_' : '+/';
  for (const text of [`AA${other}`, 'AA AA', 'AA\nAA', '=AAA', 'AA=A', 'ÄAAA', 'AAA.', '\0AAA'])
    expect(() => fromBase64(text, { alphabet })).toThrow(SyntaxError);
});

test('reads base64 if no alphabet is named, as the standard says', () => {
  expect(Buffer.from(fromBase64('+/8='))).toEqual(Buffer.from([0xfb, 0xff]));
  expect(Buffer.from(fromBase64('+/8=', {}))).toEqual(Buffer.from([0xfb, 0xff]));
  expect(() => fromBase64('-_8=')).toThrow(SyntaxError);
});
