const FIRST_SECONDS = 60;
const LONGEST_SECONDS = 3600;

/**
 * When a reload that failed `times` times in a row, last `at` (epoch seconds), may be tried again: each reload can drop
 * streams, so after a minute, then twice as long each time, up to an hour.
 */
export function retryAt({ at, times }: { readonly at: number; readonly times: number }): number {
  return at + Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.max(0, times - 1));
}
