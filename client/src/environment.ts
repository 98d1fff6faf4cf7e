/**
 * One moment by two clocks, in milliseconds. Only differences are ever used: the monotonic clock cannot be set, but in
 * some browsers stands still while the device sleeps; the wall clock runs through a sleep, but can be set.
 */
export type Instant = readonly [monotonicMs: number, wallMs: number];

/** All that this package takes from the world but `fetch`, so that tests bring their own time and chance. */
export interface Environment {
  now(): Instant;
  /** Runs `task` once, not before the monotonic clock went on by `delayMs`; returns its cancellation. */
  after(delayMs: number, task: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
  /** Calls `listener` when the network is back or the page becomes visible, until `signal` aborts. */
  onWake(listener: () => void, signal: AbortSignal): void;
}

type EventSource = Partial<Pick<EventTarget, 'addEventListener'>>;

/** The environment of a page or a worker; without `document`, becoming visible is never heard of. */
export const browserEnvironment: Environment = {
  now: () => [performance.now(), Date.now()],
  after(delayMs, task) {
    // Eleven days; a delay past 2^31 overflows and fires at once.
    const longestTimerMs = 1e9;
    // A millisecond later, so that no rounding of a sum makes the clock seem to be before it.
    const end = performance.now() + delayMs + 1;
    let timer: ReturnType<typeof setTimeout>;
    // A timer may fire before a clock that a browser makes coarse says so.
    const wait = (): void => {
      timer = setTimeout(
        () => (performance.now() < end ? wait() : task()),
        Math.min(end - performance.now(), longestTimerMs),
      );
    };
    wait();
    return () => clearTimeout(timer);
  },
  random: Math.random,
  onWake(listener, signal) {
    const scope = globalThis as EventSource & { document?: EventSource & { visibilityState: string } };
    const page = scope.document;
    scope.addEventListener?.('online', listener, { signal });
    page?.addEventListener?.('visibilitychange', () => page.visibilityState === 'visible' && listener(), {
      signal,
    });
  },
};
