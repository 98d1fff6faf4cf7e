import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';

/** Events by the name of a kind, which differ in their bodies alone: base64 text. */
export interface BenchEvents {
  readonly envelope: object;
  readonly bodies: Readonly<Record<string, readonly string[]>>;
}

/** The file of events for contestants: one line that tells what is in it, then a body a line. */
export function eventsFileOf({ envelope, bodies }: BenchEvents): string {
  const counts = Object.entries(bodies).map(([kind, { length }]) => ({ kind, count: length }));
  return [JSON.stringify({ envelope, counts }), ...Object.values(bodies).flat()].join('\n');
}

/**
 * Gives the events of such a file, each kind's in turn and again from its first. Their text stays outside of V8's heap: else
 * the garbage collector would walk over it, and that would count as a contestant's work.
 */
export function readEvents(file: Buffer): (kind: string, index: number) => unknown {
  const lineEnds: number[] = [];
  for (let end = file.indexOf('\n'); end !== -1; end = file.indexOf('\n', end + 1)) lineEnds.push(end);
  lineEnds.push(file.length);
  const { envelope, counts } = JSON.parse(file.toString('utf8', 0, lineEnds[0])) as {
    readonly envelope: object;
    readonly counts: readonly { readonly kind: string; readonly count: number }[];
  };
  const kinds = new Map<string, { readonly from: number; readonly count: number }>();
  let from = 0;
  for (const { kind, count } of counts) {
    kinds.set(kind, { from, count });
    from += count;
  }
  return (kind, index) => {
    const { from: first, count } = kinds.get(kind) ?? { from: 0, count: 1 };
    const line = first + (index % count);
    return { ...envelope, body: file.toString('latin1', (lineEnds[line] ?? 0) + 1, lineEnds[line + 1]) };
  };
}

/** One round of a contestant. */
export interface Round {
  /** The name of a kind of event. */
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
