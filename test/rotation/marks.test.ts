import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MARKS } from '../../lib/rotation/state.ts';
import { formatMark, markKey, readMarks } from '../../lib/rotation/marks.ts';

test('a mark comes back from its tag', () => {
  for (const name of MARKS) {
    const mark = { version: '0b3c0000-aaaa-4aaa-8aaa-aaaaaaaaaaaa', at: 1_800_000_000 };
    expect(formatMark(mark)).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u);
    expect(readMarks({ [markKey(name)]: formatMark(mark) })).toEqual({ [name]: mark });
  }
});

test('what is not a mark counts as absent, whatever somebody wrote', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const mark of Object.values(readMarks({ 'streampass:announced': text }))) {
        expect(Number.isFinite(mark?.at)).toBe(true);
        expect(mark?.version).not.toBe('');
      }
    }),
  );
  expect(
    readMarks({
      'streampass:announced': 'v1',
      'streampass:servers': 'v1 yesterday',
      other: 'v1 2026-01-01T00:00:00Z',
    }),
  ).toEqual({});
});
