/** Which of two tokens an encoder is offered. */
export interface Offers {
  /** The first token, then the fallback, and so on in turn: an encoder that comes again was refused with the last one. */
  next(encoder: string): 'first' | 'fallback';
}

/**
 * While a rotation changes one node after another, an encoder's token may meet a node that holds the other secret. The
 * encoder then asks again, and is offered the other token.
 *
 * @param capacity how many encoders are remembered; the oldest goes first
 */
export function createOffers(capacity: number): Offers {
  const last = new Map<string, 'first' | 'fallback'>();
  return {
    next(encoder) {
      const offer = last.get(encoder) === 'first' ? 'fallback' : 'first';
      last.delete(encoder);
      const [oldest] = last.size >= capacity ? last.keys() : [];
      if (oldest !== undefined) last.delete(oldest);
      last.set(encoder, offer);
      return offer;
    },
  };
}
