/** One of the two tokens that a rotation has: signed with the current key of the ring, or with the other one. */
export type Offer = 'first' | 'fallback';

/** Which of two tokens an encoder is offered. */
export interface Offers {
  /**
   * The token that the encoder's node is known to accept; else the first, and after a refusal the other one. An encoder that
   * returns at once although its node accepts what it was offered came to another node: it is offered the other one, too.
   *
   * @param now epoch seconds
   */
  next(encoder: string, now: number, accepted: Offer | undefined): Offer;
}

/** An encoder that was refused tries again within seconds. One that returns later has published in between. */
const RETRIES_WITHIN_SECONDS = 30;
/** The same of an encoder whose node was known to accept its token: to doubt that, it must come at once. */
const DOUBTS_WITHIN_SECONDS = 10;

interface Made {
  readonly offer: Offer;
  /** What the node was known to accept. */
  readonly accepted: Offer | undefined;
  readonly at: number;
}

/**
 * While a rotation changes one node after another, an encoder's token may meet a node that holds the other secret.
 *
 * @param capacity how many encoders are remembered; the oldest goes first
 */
export function createOffers(capacity: number): Offers {
  const made = new Map<string, Made>();
  return {
    next(encoder, now, accepted) {
      const last = made.get(encoder);
      const offer = last === undefined ? (accepted ?? 'first') : nextAfter(last, now - last.at, accepted);
      made.delete(encoder);
      const [oldest] = made.size >= capacity ? made.keys() : [];
      if (oldest !== undefined) made.delete(oldest);
      made.set(encoder, { offer, accepted, at: now });
      return offer;
    },
  };
}

function nextAfter(last: Made, seconds: number, accepted: Offer | undefined): Offer {
  const other = last.offer === 'first' ? 'fallback' : 'first';
  if (accepted === undefined) return seconds <= RETRIES_WITHIN_SECONDS ? other : 'first';
  const isDoubtful = last.accepted === accepted && last.offer === accepted;
  return isDoubtful && seconds <= DOUBTS_WITHIN_SECONDS ? other : accepted;
}
