import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toSigningKey } from '../../lib/signing-keys/signing-key.ts';
import { judgeValue, makeSecret } from '../../lib/rotation/secret-value.ts';

const algorithms = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;

test('an HS256 secret is 32 random bytes in 43 characters that no file format has to escape', () => {
  expect(makeSecret('HS256', () => Buffer.alloc(32, 0xff))).toBe('_'.repeat(42) + '8');
  expect(makeSecret('HS256', randomBytes)).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

describe.each(algorithms)('a secret for %s', (signing) => {
  const made = makeSecret(signing, randomBytes);

  test('that was made is usable, and issuers can sign with it', () => {
    expect(judgeValue({ SecretString: made }, signing)).toEqual({ usable: true, text: made });
    expect(toSigningKey('0'.repeat(32), { SecretString: made }, signing).usable).toBe(true);
  });

  test.each([
    ['is absent', {}],
    ['is binary', { SecretBinary: Buffer.alloc(64) }],
    ['is short', { SecretString: 'short' }],
  ])('that %s is not, and its problem does not repeat it', (_, value) => {
    const judged = judgeValue(value, signing);
    expect(judged.usable).toBe(false);
    expect(JSON.stringify(judged)).not.toContain('"short"');
  });
});

test.each([
  ['RS256', 'ES256'],
  ['ES256', 'EdDSA'],
  ['EdDSA', 'RS256'],
] as const)('a key for %s is none for %s', (made, signing) => {
  expect(judgeValue({ SecretString: makeSecret(made, randomBytes) }, signing)).toEqual({
    usable: false,
    problem: `is a private key, but not one for ${signing}`,
  });
});
