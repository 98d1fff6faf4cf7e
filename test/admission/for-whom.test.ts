import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashesOf, rowIdOf, rowIdsOf } from '../../lib/admission/deny-rows.ts';
import type { Denied, Whom } from '../../lib/admission/deny-rows.ts';
import { rowIdsOfToken, toForWhom, whomOf } from '../../lib/admission/for-whom.ts';
import type { SubjectForm } from '../../lib/media-servers/target.ts';

const PAIRWISE: SubjectForm = { pairwiseSalt: 'p'.repeat(32) };
const OTHER_SALT: SubjectForm = { pairwiseSalt: 'q'.repeat(32) };
const ANNA: Whom = { issuer: 'https://id.example', subject: 'anna', signIns: ['s-1'], session: 'call-1' };

const whom = fc.record({
  issuer: fc.constantFrom('https://id.example', 'https://other.example'),
  subject: fc.string({ unit: fc.constantFrom('a', '#', '*', '\n', 's'), minLength: 1 }),
  signIns: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
  session: fc.string({ minLength: 1 }),
});

function rowsInToken(claim: unknown, form: SubjectForm, name = 'red5'): readonly string[] | undefined {
  const claims = { jti: 'jti-1', ...(claim !== undefined && { for: claim }) };
  return rowIdsOfToken({ targetName: name, form, subject: 'anna', claims }, ['https://id.example'])?.ids;
}

describe('the rows of somebody', () => {
  test('are those that a writer names', () => {
    const rows: Denied[] = [
      { kind: 'sub', value: 'anna' },
      { kind: 'sub', value: 'anna', issuer: 'https://id.example' },
      { kind: 'sign-in', value: 's-1' },
      { kind: 'session', value: 'call-1' },
    ];
    expect(rowIdsOf(hashesOf(ANNA))).toEqual(rows.map(rowIdOf));
  });

  test('are nobody else’s', () => {
    fc.assert(
      fc.property(whom, whom, (one, other) => {
        fc.pre(one.subject !== other.subject && one.session !== other.session);
        fc.pre(!one.signIns.some((id) => other.signIns.includes(id)));
        const rows = rowIdsOf(hashesOf(one));
        expect(rowIdsOf(hashesOf(other)).filter((row) => rows.includes(row))).toEqual([]);
      }),
    );
  });

  test('name every sign-in that an identity token tells of, each once', () => {
    const claims = { sid: 'a', origin_jti: 'b', jti: 'a', nonce: 'c' };
    const identity = { issuer: 'i', subject: 's', groups: [], claims, expiresAt: 1 };
    expect(whomOf(identity).signIns).toEqual(['a', 'b']);
  });
});

describe('the claim', () => {
  test.each([
    ['public', 'public'],
    ['pairwise', PAIRWISE],
  ] as const)('of a %s target leads to the rows of its bearer, and to its own token’s', (_form, form) => {
    fc.assert(
      fc.property(whom, (one) => {
        const rows = rowsInToken(toForWhom(one, form, 'red5'), form);
        expect(rows).toEqual([
          ...new Set([...rowIdsOf(hashesOf(one)), rowIdOf({ kind: 'token', value: 'jti-1' })]),
        ]);
      }),
    );
  });

  test('shows two pairwise targets nothing in common, and is the same at each sign-in', () => {
    const claims = [
      toForWhom(ANNA, PAIRWISE, 'red5'),
      toForWhom(ANNA, PAIRWISE, 'jitsi'),
      toForWhom(ANNA, OTHER_SALT, 'red5'),
      toForWhom(ANNA, 'public', 'red5'),
    ].map((claim) => Buffer.from(claim, 'base64url').subarray(0, 16).toString('hex'));
    expect(new Set(claims).size).toBe(4);
    const again = toForWhom({ ...ANNA, signIns: ['s-2'] }, PAIRWISE, 'red5');
    expect(Buffer.from(again, 'base64url').subarray(0, 16).toString('hex')).toBe(claims[0]);
  });

  test('is short, because RTMP addresses are', () => {
    const most = { ...ANNA, signIns: ['a', 'b', 'c'], streamKey: 'k' };
    expect(toForWhom(most, 'public', 'red5').length).toBeLessThanOrEqual(75);
    expect(toForWhom(ANNA, PAIRWISE, 'red5')).toHaveLength(64);
  });

  test.each([
    ['no string', 7],
    ['empty', ''],
    ['too short', 'AAAA'],
    ['not base64url', `${'A'.repeat(42)}=`],
    ['null', null],
  ])('is none of ours if it is %s', (_what, claim) => {
    expect(rowsInToken(claim, 'public')).toBeUndefined();
    expect(rowsInToken(claim, PAIRWISE)).toBeUndefined();
  });

  test('is not needed: a token of an earlier version is found by its subject, under each issuer', () => {
    expect(rowsInToken(undefined, 'public')).toEqual([
      rowIdOf({ kind: 'sub', value: 'anna' }),
      rowIdOf({ kind: 'sub', value: 'anna', issuer: 'https://id.example' }),
      rowIdOf({ kind: 'token', value: 'jti-1' }),
    ]);
  });
});
