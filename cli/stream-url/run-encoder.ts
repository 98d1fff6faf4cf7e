import { spawn } from 'node:child_process';

/**
 * Runs an encoder until it ends, and says how.
 *
 * @param stop its reason is the signal that the encoder gets, with all that it started
 * @param graceMs how long it may take to end; then it is killed
 * @throws {Error} if it cannot be started
 */
export function runEncoder(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  stop: AbortSignal,
  graceMs = 10_000,
): Promise<string> {
  const [program = '', ...values] = words;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // In a process group of its own, so that Ctrl+C reaches it once, from here. FFmpeg would read keys from a terminal.
  const child = spawn(program, values, { stdio: ['ignore', 'inherit', 'inherit'], env, detached: true });
  let killer: NodeJS.Timeout | undefined;
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Windows has no process groups.
      child.kill(signal);
    }
  };
  const end = (): void => {
    kill(stop.reason as NodeJS.Signals);
    killer = setTimeout(() => kill('SIGKILL'), graceMs);
  };
  stop.addEventListener('abort', end, { once: true });
  child.once('error', (cause) => reject(new Error(`${program} cannot be run: ${cause.message}`, { cause })));
  child.once('exit', (code, signal) => resolve(`${program} ended with ${signal ?? code}`));
  return promise.finally(() => {
    clearTimeout(killer);
    stop.removeEventListener('abort', end);
  });
}
