/**
 * Settles as `work` does, or rejects with the signal's reason if it aborts before that. The work itself goes on; a
 * late rejection of it is swallowed.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const settled = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, settled);
    work.then(resolve, reject);
  }).finally(() => settled.abort());
}
