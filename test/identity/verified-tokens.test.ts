import { expect, test } from 'vitest';
import { createVerifiedTokens, type VerifiedToken } from '../../lib/identity/verified-tokens.ts';

const verified = { keys: { generationAt: () => 1 }, generation: 1 } as unknown as VerifiedToken;
const found = (tokens: ReturnType<typeof createVerifiedTokens>, digests: string): string =>
  digests
    .split('')
    .filter((digest) => tokens.find(digest, 0) !== undefined)
    .join('');

test('tokens are remembered up to a length together, and the oldest goes first', () => {
  const tokens = createVerifiedTokens(100);
  tokens.keep('a', verified, 40);
  tokens.keep('b', verified, 40);
  expect(found(tokens, 'ab')).toBe('ab');
  tokens.keep('c', verified, 60);
  expect(found(tokens, 'abc')).toBe('bc');
});

test('a token that is longer than all that may be remembered forgets no other', () => {
  const tokens = createVerifiedTokens(100);
  tokens.keep('a', verified, 40);
  tokens.keep('b', verified, 101);
  expect(found(tokens, 'ab')).toBe('a');
});

test('a token that is kept twice counts once', () => {
  const tokens = createVerifiedTokens(100);
  for (let count = 0; count < 5; count++) tokens.keep('a', verified, 40);
  tokens.keep('b', verified, 60);
  expect(found(tokens, 'ab')).toBe('ab');
});
