// Aborting, with what React Native has of it: no `throwIfAborted`, no `reason`, no listener that a signal removes.

/** What an aborted signal rejects with; an `AbortError` where the signal keeps no reason. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? Object.assign(Error('aborted'), { name: 'AbortError' });
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts; what `work` does then is ignored. */
export function unlessAborted<T, Signal extends AbortSignal | undefined>(
  work: (signal: Signal) => T | Promise<T>,
  signal: Signal,
): Promise<T> {
  let onAbort = (): void => {};
  return new Promise<T>((resolve, reject) => {
    onAbort = () => reject(reasonOf(signal as AbortSignal) as Error);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else new Promise<T>((start) => start(work(signal))).then(resolve, reject);
  }).finally(() => signal?.removeEventListener('abort', onAbort));
}
