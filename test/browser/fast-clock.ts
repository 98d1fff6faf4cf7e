/** Time that runs faster from a moment on: the same for every process and page that is given the same values. */
export interface FastClock {
  readonly originMs: number;
  readonly factor: number;
}

/**
 * Makes `Date` of this process or page run fast. Timers are left alone. It uses nothing from around it, so that a page can be
 * given it as text.
 */
export function speedUpDate({ originMs, factor }: FastClock): void {
  const RealDate = Date;
  const now = (): number => Math.floor(originMs + (RealDate.now() - originMs) * factor);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values: unknown[], made) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, made) as Date,
    get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}

/** For a page: its timers and `performance.now()` run fast too. */
export function speedUpPage(clock: FastClock): void {
  const { factor } = clock;
  const { setTimeout: realTimeout, setInterval: realInterval } = globalThis;
  const realNow = performance.now.bind(performance);
  performance.now = () => realNow() * factor;
  globalThis.setTimeout = ((task: () => void, ms = 0, ...values: []) =>
    realTimeout(task, ms / factor, ...values)) as typeof setTimeout;
  globalThis.setInterval = ((task: () => void, ms = 0, ...values: []) =>
    realInterval(task, ms / factor, ...values)) as typeof setInterval;
}
