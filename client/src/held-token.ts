// How long a token may be used, and when it is due for renewal, whatever the device's clocks do.
import type { Instant } from './environment.ts';
import type { ExchangeAnswer, IssuedToken } from './exchange.ts';

/** A token with its two limits, counted from the moment its request was sent. */
export interface HeldToken {
  readonly answer: ExchangeAnswer;
  readonly requestedAt: Instant;
  /** Renewed from this age on. */
  readonly renewAtMs: number;
  /** Never handed out from this age on. */
  readonly usableMs: number;
  /** Set once the listeners were told of its end. */
  expired?: true;
}

const MARGIN = 0.1;
const LONGEST_MARGIN_MS = 30_000;
const JITTER = 0.1;

/**
 * The answer with its limits, those of its shortest token. It is usable until a tenth of its life (at most 30 s) before
 * it expires, the time to connect with it; it is renewed at `refresh_in`, put off by up to a tenth of what is left, so
 * that clients which started together drift apart.
 * @param random uniform in [0, 1).
 */
export function holdToken(answer: ExchangeAnswer, requestedAt: Instant, random: number): HeldToken {
  const { expiresInSeconds, refreshInSeconds } = Object.values(answer.tokens).reduce(shorter);
  const lifeMs = expiresInSeconds * 1000;
  const usableMs = lifeMs - Math.min(lifeMs * MARGIN, LONGEST_MARGIN_MS);
  const refreshMs = Math.min(refreshInSeconds * 1000, usableMs);
  return { answer, requestedAt, renewAtMs: refreshMs + random * JITTER * (usableMs - refreshMs), usableMs };
}

function shorter(one: IssuedToken, other: IssuedToken): IssuedToken {
  return other.expiresInSeconds < one.expiresInSeconds ? other : one;
}

/**
 * Age in milliseconds: the larger of what the two clocks measured. A device that slept is older by its wall clock; a
 * wall clock set back changes nothing, and one set forward costs one early renewal, after which it counts from there.
 * (A wall clock set back during a sleep that the monotonic clock missed is seen by nobody: a connection then meets a
 * refusal, and gets a fresh token.)
 */
export function ageMs({ requestedAt }: HeldToken, now: Instant): number {
  return Math.max(now.monotonicMs - requestedAt.monotonicMs, now.wallMs - requestedAt.wallMs);
}
