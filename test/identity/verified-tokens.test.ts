import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import {
  createVerifiedTokens,
  digestOf,
  memoryOf,
  type VerifiedToken,
} from '../../lib/identity/verified-tokens.ts';

const verified = { keys: { generationAt: () => 1 }, generation: 1 } as unknown as VerifiedToken;
const found = (tokens: ReturnType<typeof createVerifiedTokens>, digests: string): string =>
  digests
    .split('')
    .filter((digest) => tokens.find(digest, 0) !== undefined)
    .join('');

test('tokens are remembered up to a size together, and the oldest goes first', () => {
  const tokens = createVerifiedTokens(100);
  tokens.keep('a', verified, 40);
  tokens.keep('b', verified, 40);
  expect(found(tokens, 'ab')).toBe('ab');
  tokens.keep('c', verified, 60);
  expect(found(tokens, 'abc')).toBe('bc');
});

test('a token that is larger than all that may be remembered forgets no other', () => {
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

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A payload of the most characters that a subject token can have, made of such parts. */
function filled(part: (index: number) => string, start: string, end: string): string {
  let text = start;
  for (let index = 0; text.length < 12_000; index += 1) text += (index === 0 ? '' : ',') + part(index);
  return text + end;
}

test.each([
  ['usual claims', () => '{"iss":"https://id.example","aud":"web","sub":"person-1","groups":["a","b"]}'],
  ['empty arrays', () => filled(() => '[]', '{"a":[', ']}')],
  ['arrays in arrays', () => `{"a":${'['.repeat(6000)}${']'.repeat(6000)}}`],
  ['empty objects', () => filled(() => '{}', '{"a":[', ']}')],
  ['one long string', () => `{"a":"${'x'.repeat(12_000)}"}`],
  ['many members', (token: number) => filled((index) => `"m${index}-${token}":0`, '{', '}')],
  ['objects of all kinds', (token: number) => filled((index) => `{"${index}-${token}":0}`, '{"a":[', ']}')],
])('tokens of %s take no more memory than is allowed', (_what, payload) => {
  const capacity = 4 * 1024 * 1024;
  const tokens = createVerifiedTokens(capacity);
  const before = heapUsed();
  let last = '';
  for (let index = 0; index < 400; index += 1) {
    const jws = decodeCompactJws(`e30.${Buffer.from(payload(index)).toString('base64url')}.AA`);
    if (jws === undefined) throw new Error('the test made no token');
    last = digestOf(`${index}`);
    tokens.keep(last, { ...verified, header: jws.header, claims: jws.claims }, memoryOf(jws));
  }
  expect(heapUsed() - before).toBeLessThan(capacity);
  expect(tokens.find(last, 0)).toBeDefined();
});
