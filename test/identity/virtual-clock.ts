import type { Now, Within } from '../../lib/ports.ts';

/** A clock that stands still until a test moves it. */
export interface VirtualClock {
  readonly now: Now;
  readonly within: Within;
  /** Moves time; what was waited for too long by then has ended when this resolves. */
  pass(seconds: number): Promise<void>;
}

export function createVirtualClock(start = 1_800_000_000): VirtualClock {
  let time = start;
  const timers = new Set<{ readonly at: number; readonly ring: () => void }>();
  return {
    now: () => time,
    within(work, seconds) {
      const { promise, reject } = Promise.withResolvers<never>();
      const timer = { at: time + seconds, ring: () => reject(new Error(`no answer within ${seconds} s`)) };
      timers.add(timer);
      return Promise.race([work, promise]).finally(() => timers.delete(timer));
    },
    async pass(seconds) {
      time += seconds;
      for (const timer of timers) if (timer.at <= time) timer.ring();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
