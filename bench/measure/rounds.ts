import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';

/** One round of a contestant. */
export interface Round {
  /** A name in the file of events. */
  readonly kind: string;
  readonly exchanges: number;
  readonly inFlight: number;
}

/** The results of one round; times in microseconds. */
export interface RoundResult {
  /** Exchanges that were not answered with 200. */
  readonly refused: number;
  /** CPU of the whole process, its threads included, per exchange. */
  readonly cpuMicros: number;
  /** Time per exchange of the whole round. */
  readonly wallMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** A contestant's process. */
export interface Runner {
  run(round: Round): Promise<RoundResult>;
  /** The process's own log, on standard error, is the parent's; what it writes to standard output is thrown away. */
  end(): Promise<void>;
}

/** Starts a contestant in a process of its own; its log is written to /dev/null, so that it pays for the writing. */
export async function startRunner(
  bundle: string,
  eventsFile: string,
  env: Readonly<Record<string, string>>,
): Promise<Runner> {
  const child = fork(join(import.meta.dirname, 'runner.ts'), [bundle, eventsFile], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit', 'ipc'],
  });
  await answerOf(child);
  return {
    async run(round) {
      child.send(round);
      return (await answerOf(child)) as RoundResult;
    },
    async end() {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onExit = (code: number | null): void =>
    reject(new Error(`a contestant's process ended with ${code}`));
  child.once('message', resolve).once('exit', onExit);
  try {
    return await promise;
  } finally {
    child.off('message', resolve).off('exit', onExit);
  }
}
