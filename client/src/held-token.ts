// How long a token may be used, and when it is due for renewal, whatever the device's clocks do.
import type { Instant } from './environment.ts';
import type { ExchangeAnswer } from './exchange.ts';

/** A token with its two limits, counted from the moment its request was sent. */
export interface HeldToken {
  readonly answer: ExchangeAnswer;
  readonly askedAt: Instant;
  /** Renewed from this age on. */
  readonly dueMs: number;
  /** Never handed out from this age on. */
  readonly endMs: number;
  /** Set once the listeners were told of its end. */
  expired?: true;
}

/**
 * The answer with its limits, those of its shortest token. It is usable until a tenth of its life (at most 30 s) before
 * it expires, the time to connect with it; it is renewed at `refresh_in`, put off by up to a tenth of what is left, so
 * that clients which started together drift apart.
 * @param random uniform in [0, 1).
 */
export function holdToken(answer: ExchangeAnswer, askedAt: Instant, random: number): HeldToken {
  const margin = 0.1;
  const longestMarginMs = 30_000;
  const jitter = 0.1;
  const { expiresInSeconds, refreshInSeconds } = Object.values(answer.tokens).reduce((one, other) =>
    other.expiresInSeconds < one.expiresInSeconds ? other : one,
  );
  const lifeMs = expiresInSeconds * 1000;
  const endMs = lifeMs - Math.min(lifeMs * margin, longestMarginMs);
  const refreshMs = Math.min(refreshInSeconds * 1000, endMs);
  return { answer, askedAt, dueMs: refreshMs + random * jitter * (endMs - refreshMs), endMs };
}

/**
 * Age in milliseconds: the larger of what the two clocks measured. A device that slept is older by its wall clock; a
 * wall clock set back changes nothing, and one set forward costs one early renewal, after which it counts from there.
 * (A wall clock set back during a sleep that the monotonic clock missed is seen by nobody: a connection then meets a
 * refusal, and gets a fresh token.)
 */
export function ageMs({ askedAt }: HeldToken, now: Instant): number {
  return Math.max(now[0] - askedAt[0], now[1] - askedAt[1]);
}
