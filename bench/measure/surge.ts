/** How Lambda would serve a surge, from measured times: pure, so that the same times give the same answer. */

/** The times of one execution environment, in milliseconds. */
export interface EnvironmentTimes {
  /** From nothing to the first answer; environments take these in turn. */
  readonly cold: readonly number[];
  /** The first answer of an environment that was started before, then the second, and so on; further ones take the last. */
  readonly answers: readonly number[];
}

/** A surge. */
export interface Surge {
  /** When each request comes, in milliseconds, in order. */
  readonly arrivals: readonly number[];
  readonly times: EnvironmentTimes;
  /** Environments that are ready before the first request (provisioned concurrency). */
  readonly provisioned: number;
}

/** How one request was served. */
export interface Served {
  readonly environment: number;
  /** From its arrival to its answer, in milliseconds. */
  readonly latencyMs: number;
  readonly isCold: boolean;
}

/** Lambda starts at most this many environments of a function within ten seconds; what comes beyond is refused with 429. */
export const MOST_STARTED = 1000;

/**
 * Serves each request as Lambda does: an environment has one at a time; a request that finds none idle starts a new one and
 * waits for it. Requests that Lambda would throttle are left out.
 *
 * @see AWS Lambda Developer Guide, "Lambda scaling behavior"
 */
export function serveSurge({ arrivals, times, provisioned }: Surge): readonly Served[] {
  /** When each environment is idle again, and how many answers it has given. */
  const environments = Array.from({ length: provisioned }, () => ({ idleAt: -Infinity, answers: 0 }));
  let started = 0;
  return arrivals.flatMap((arrival): readonly Served[] => {
    const idle = environments.findIndex(({ idleAt }) => idleAt <= arrival);
    const isCold = idle === -1;
    if (isCold && started === MOST_STARTED) return [];
    const environment = isCold ? environments.push({ idleAt: 0, answers: 0 }) - 1 : idle;
    const own = environments[environment] ?? { idleAt: 0, answers: 0 };
    const latencyMs = isCold
      ? (times.cold[started++ % times.cold.length] ?? 0)
      : (times.answers[Math.min(own.answers, times.answers.length - 1)] ?? 0);
    environments[environment] = { idleAt: arrival + latencyMs, answers: own.answers + 1 };
    return [{ environment, latencyMs, isCold }];
  });
}
