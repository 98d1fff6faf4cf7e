import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFile } from '../../lib/media-servers/file-text.ts';

test('gives back the bytes of any file', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('utf8', 'latin1'), (bytes, encoding) => {
      const { text, toBytes } = decodeFile(bytes, encoding);
      expect([...toBytes(text)]).toEqual([...bytes]);
    }),
  );
});

test.each([
  ['UTF-8', 'utf8', [0xc3, 0xa9], 'é'],
  ['a byte order mark, which it keeps', 'utf8', [0xef, 0xbb, 0xbf, 0x61], '\uFEFFa'],
  ['Latin-1 if it is not UTF-8', 'utf8', [0x61, 0xe9], 'aé'],
  ['Latin-1 as Java does, even if it is UTF-8', 'latin1', [0xc3, 0xa9], 'Ã©'],
] as const)('reads %s', (_title, encoding, bytes, text) => {
  expect(decodeFile(Uint8Array.from(bytes), encoding).text).toBe(text);
});
