/**
 * One moment by two clocks, in milliseconds. Only differences are ever used: the monotonic clock cannot be set, but in
 * some browsers stands still while the device sleeps; the wall clock runs through a sleep, but can be set.
 */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** All that this package takes from the world but `fetch`, so that tests bring their own time and chance. */
export interface Environment {
  now(): Instant;
  /** Runs `task` once, not before the monotonic clock went on by `delayMs`; returns its cancellation. */
  after(delayMs: number, task: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
  /** Calls `listener` when the network is back or the page becomes visible; returns its removal. */
  onWake(listener: () => void): () => void;
}

type EventSource = Partial<Pick<EventTarget, 'addEventListener'>>;

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The environment of a page or a worker; without `document`, becoming visible is never heard of. */
export const browserEnvironment: Environment = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  after(delayMs, task) {
    const end = performance.now() + delayMs;
    let timer: ReturnType<typeof setTimeout>;
    // A timer may fire before a clock that a browser makes coarse says so. A delay past 2^31 overflows and fires at once.
    const wait = (): void => {
      timer = setTimeout(
        () => (performance.now() < end ? wait() : task()),
        Math.min(end - performance.now() + 1, LONGEST_TIMER_MS),
      );
    };
    wait();
    return () => clearTimeout(timer);
  },
  random: Math.random,
  onWake(listener) {
    const scope = globalThis as EventSource & { document?: EventSource & { visibilityState: string } };
    const page = scope.document;
    const removal = new AbortController();
    scope.addEventListener?.('online', listener, removal);
    page?.addEventListener?.(
      'visibilitychange',
      () => page.visibilityState === 'visible' && listener(),
      removal,
    );
    return () => removal.abort();
  },
};
