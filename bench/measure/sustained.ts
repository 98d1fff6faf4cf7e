import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';

/** Events to answer now. */
export interface Batch {
  readonly events: readonly unknown[];
}

/** The results of one second. */
export interface Second {
  readonly answered: number;
  /** Reasons of the answers that were not 200. */
  readonly refusals: readonly string[];
  /** The keys that tokens were signed with. */
  readonly kids: readonly string[];
  /** Answers with a fallback token. */
  readonly fallbacks: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
  /** Longest time that the event loop was late, in milliseconds. */
  readonly longestStallMs: number;
}

/** A process under load. */
export interface SustainedRunner {
  send(batch: Batch): void;
  /** All seconds so far. */
  readonly seconds: readonly Second[];
  end(): Promise<void>;
}

/** Starts a process that answers batches; without a bundle it only tells how late its event loop is. */
export async function startSustained(
  env: Readonly<Record<string, string>>,
  bundle?: string,
): Promise<SustainedRunner> {
  const child = fork(join(import.meta.dirname, 'sustained-runner.ts'), bundle === undefined ? [] : [bundle], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit', 'ipc'],
  });
  const seconds: Second[] = [];
  await once(child, 'message');
  child.on('message', (second: Second) => seconds.push(second));
  return {
    send: (batch) => child.send({ ...batch }),
    seconds,
    async end() {
      child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
