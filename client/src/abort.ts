// Aborting, with what React Native has of it: no `throwIfAborted`, no `reason`, no listener that a signal removes.

/** What an aborted signal rejects with; an `AbortError` where the signal keeps no reason. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? Object.assign(new Error('aborted'), { name: 'AbortError' });
}

/**
 * Settles as `work` does, or rejects with the reason of the first signal that aborts. `work` gets a signal that aborts
 * with any of them; a late rejection of it is swallowed.
 */
export function unlessAborted<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  const own = new AbortController();
  let onAbort = (): void => {};
  const listen = (verb: 'addEventListener' | 'removeEventListener'): void =>
    signals.forEach((signal) => signal?.[verb]('abort', onAbort));
  return new Promise<T>((resolve, reject) => {
    onAbort = () => {
      const aborted = signals.find((signal) => signal?.aborted);
      if (!aborted) return;
      reject(reasonOf(aborted) as Error);
      own.abort(aborted.reason);
    };
    listen('addEventListener');
    onAbort();
    if (!own.signal.aborted) new Promise<T>((start) => start(work(own.signal))).then(resolve, reject);
  }).finally(() => listen('removeEventListener'));
}
