import type { Environment } from '../../src/environment.ts';

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

/** A device whose time passes only when a test says so. */
export interface VirtualEnvironment extends Environment {
  /** Awake time: both clocks go on, due timers fire in order, promises settle in between. */
  pass(ms: number): Promise<void>;
  /** Sleep: timers stand still, and so does the monotonic clock unless it `countsSleep`. */
  sleep(ms: number): void;
  /** Somebody sets the wall clock. */
  setWallClockBy(ms: number): void;
  /** The network comes back, or the page is shown. */
  wake(): Promise<void>;
  /** True time in milliseconds, sleep included: what the server's clock measures. */
  readonly trueMs: number;
  readonly timers: number;
  readonly listeners: number;
}

/** Lets every promise that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * @param random what `random()` gives · default 0, which puts no jitter on a renewal.
 * @param countsSleep whether the monotonic clock goes on while the device sleeps; browsers differ.
 */
export function createVirtualEnvironment(
  random: () => number = () => 0,
  countsSleep = false,
): VirtualEnvironment {
  let monotonicMs = 5000;
  let trueMs = 0;
  let wallOffsetMs = 1_800_000_000_000;
  const timers = new Set<Timer>();
  const listeners = new Set<() => void>();

  function goOn(ms: number): void {
    monotonicMs += ms;
    trueMs += ms;
  }

  return {
    now: () => [monotonicMs, trueMs + wallOffsetMs],
    after(delayMs, task) {
      const timer = { dueMs: monotonicMs + Math.max(0, delayMs), task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    random,
    onWake(listener, signal) {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener));
    },
    async pass(ms) {
      const endMs = monotonicMs + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
        if (!next) break;
        goOn(Math.max(0, next.dueMs - monotonicMs));
        timers.delete(next);
        next.task();
        await settle();
      }
      goOn(endMs - monotonicMs);
    },
    sleep(ms) {
      trueMs += ms;
      if (countsSleep) monotonicMs += ms;
    },
    setWallClockBy(ms) {
      wallOffsetMs += ms;
    },
    async wake() {
      for (const listener of listeners) listener();
      await settle();
    },
    get trueMs() {
      return trueMs;
    },
    get timers() {
      return timers.size;
    },
    get listeners() {
      return listeners.size;
    },
  };
}
