import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFile } from '../../lib/media-servers/file-text.ts';

test('gives back the bytes of any file', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const { text, toBytes } = decodeFile(bytes);
      expect([...toBytes(text)]).toEqual([...bytes]);
    }),
  );
});

test.each([
  ['UTF-8', [0xc3, 0xa9], 'é'],
  ['a byte order mark, which it keeps', [0xef, 0xbb, 0xbf, 0x61], '\uFEFFa'],
  ['Latin-1 where it is no UTF-8', [0x61, 0xe9], 'aé'],
])('reads %s', (_title, bytes, text) => {
  expect(decodeFile(Uint8Array.from(bytes)).text).toBe(text);
});
