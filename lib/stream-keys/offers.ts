/** Which of two tokens an encoder is offered. */
export interface Offers {
  /**
   * The fallback to an encoder that returns soon after it was offered the first token, and the other way round: it was
   * refused. The first token to every other encoder.
   *
   * @param now epoch seconds
   */
  next(encoder: string, now: number): 'first' | 'fallback';
}

/** An encoder that was refused tries again within seconds. One that returns later has published in between. */
const RETRIES_WITHIN_SECONDS = 30;

/**
 * While a rotation changes one node after another, an encoder's token may meet a node that holds the other secret. The
 * encoder then asks again, and is offered the other token.
 *
 * @param capacity how many encoders are remembered; the oldest goes first
 */
export function createOffers(capacity: number): Offers {
  const last = new Map<string, { readonly offer: 'first' | 'fallback'; readonly at: number }>();
  return {
    next(encoder, now) {
      const before = last.get(encoder);
      const isRetry = before !== undefined && now - before.at <= RETRIES_WITHIN_SECONDS;
      const offer = isRetry && before.offer === 'first' ? 'fallback' : 'first';
      last.delete(encoder);
      const [oldest] = last.size >= capacity ? last.keys() : [];
      if (oldest !== undefined) last.delete(oldest);
      last.set(encoder, { offer, at: now });
      return offer;
    },
  };
}
