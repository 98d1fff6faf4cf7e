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
  const firstMs = 1000;
  const longestMs = 60_000;
  const longestAskedMs = 3_600_000;
  if (retryAfterSeconds !== undefined) {
    return Math.min(retryAfterSeconds * 1000, longestAskedMs) * (1 + random / 4);
  }
  return Math.min(firstMs * 2 ** failuresBefore, longestMs) * (0.5 + random / 2);
}
