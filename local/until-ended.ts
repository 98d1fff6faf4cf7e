/** How often the parent is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * Resolves when this process should end: by Ctrl-C, by SIGTERM, because its terminal was closed, or because the shell that
 * npm started it with has gone. npm passes SIGTERM on to that shell alone, and a shell does not pass it on.
 *
 * Any further signal changes nothing: whoever ends the process tidies up first.
 */
export function untilEnded(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  // A closed terminal takes no more output.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => resolve());
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] !== undefined) {
    const hasGone = (): boolean => process.ppid !== parent || !isRunning(parent);
    setInterval(() => hasGone() && resolve(), LOOK_MS).unref();
  }
  return promise;
}

/** Windows keeps the number of a parent that has ended. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
