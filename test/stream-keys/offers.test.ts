import { expect, test } from 'vitest';
import { createOffers } from '../../lib/stream-keys/offers.ts';

const NOW = 1_900_000_000;

/** What an encoder is offered that comes at these seconds. */
function offeredAt(...seconds: readonly number[]): readonly string[] {
  const offers = createOffers(10);
  return seconds.map((second) => offers.next('encoder', NOW + second));
}

test.each([
  ['comes once', [0], ['first']],
  ['retries after each refusal', [0, 2, 5, 35], ['first', 'fallback', 'first', 'fallback']],
  ['returns at the last moment of a retry', [0, 30], ['first', 'fallback']],
  ['returns a second later', [0, 31], ['first', 'first']],
  ['returns hours after the fallback was right', [0, 2, 7200], ['first', 'fallback', 'first']],
])('an encoder that %s is offered the right token', (_what, seconds, offered) => {
  expect(offeredAt(...seconds)).toEqual(offered);
});

test('no encoder changes what another is offered', () => {
  const offers = createOffers(10);
  expect(['a', 'b', 'a', 'b'].map((encoder) => offers.next(encoder, NOW))).toEqual([
    'first',
    'first',
    'fallback',
    'fallback',
  ]);
});

test('the encoder that came longest ago is forgotten first', () => {
  const offers = createOffers(2);
  for (const encoder of ['a', 'b', 'a', 'c']) offers.next(encoder, NOW);
  expect(['a', 'b'].map((encoder) => offers.next(encoder, NOW))).toEqual(['first', 'first']);
});
