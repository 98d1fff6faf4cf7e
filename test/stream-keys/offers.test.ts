import { expect, test } from 'vitest';
import { createOffers, type Offer } from '../../lib/stream-keys/offers.ts';

const NOW = 1_900_000_000;

/** When the encoder comes, in seconds, and what its node is known to accept. */
type Visit = readonly [second: number, accepted?: Offer];

test.each<readonly [string, readonly Visit[], readonly Offer[]]>([
  ['comes once', [[0]], ['first']],
  ['retries after each refusal', [[0], [2], [5], [35]], ['first', 'fallback', 'first', 'fallback']],
  ['returns at the last moment of a retry', [[0], [30]], ['first', 'fallback']],
  ['returns a second later', [[0], [31]], ['first', 'first']],
  ['returns hours after the fallback was right', [[0], [2], [7200]], ['first', 'fallback', 'first']],
  ['comes to a node that is known to accept the fallback', [[0, 'fallback']], ['fallback']],
  [
    'waits for a node that restarts with the other secret',
    [[0, 'first'], [2], [4], [6, 'fallback']],
    ['first', 'fallback', 'first', 'fallback'],
  ],
  ['waits for a node that restarts with the same secret', [[0], [2, 'first']], ['first', 'first']],
  [
    'is led to another node than the one that was asked',
    [
      [0, 'first'],
      [2, 'first'],
      [4, 'first'],
    ],
    ['first', 'fallback', 'first'],
  ],
  [
    'loses its connection after a while',
    [
      [0, 'first'],
      [11, 'first'],
    ],
    ['first', 'first'],
  ],
])('an encoder that %s is offered the right token', (_what, visits, offered) => {
  const offers = createOffers(10);
  expect(visits.map(([second, accepted]) => offers.next('encoder', NOW + second, accepted))).toEqual(offered);
});

test('no encoder changes what another is offered', () => {
  const offers = createOffers(10);
  const made = ['a', 'b', 'a', 'b'].map((encoder) => offers.next(encoder, NOW, undefined));
  expect(made).toEqual(['first', 'first', 'fallback', 'fallback']);
});

test('the encoder that came longest ago is forgotten first', () => {
  const offers = createOffers(2);
  for (const encoder of ['a', 'b', 'a', 'c']) offers.next(encoder, NOW, undefined);
  expect(['a', 'b'].map((encoder) => offers.next(encoder, NOW, undefined))).toEqual(['first', 'first']);
});
