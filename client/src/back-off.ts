const FIRST_MS = 1000;
const LONGEST_MS = 60_000;
const LONGEST_ASKED_MS = 3_600_000;

/**
 * How long to wait after a failure, in milliseconds. What the server asked for is a floor (up to an hour), with up to
 * a quarter on top; else 1 s doubled by each failure before, up to 60 s, of which a random half to the whole is taken.
 * @param failuresBefore how many failed in a row before this one.
 * @param random uniform in [0, 1).
 */
export function backOffMs(
  failuresBefore: number,
  random: number,
  retryAfterSeconds: number | undefined,
): number {
  if (retryAfterSeconds !== undefined) {
    return Math.min(retryAfterSeconds * 1000, LONGEST_ASKED_MS) * (1 + random / 4);
  }
  return Math.min(FIRST_MS * 2 ** failuresBefore, LONGEST_MS) * (0.5 + random / 2);
}
