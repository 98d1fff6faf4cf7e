import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** A fresh process up to its first answer. */
export interface FirstAnswer {
  readonly statusCode: number;
  /** From the start of the process, without the pause after init, in milliseconds. */
  readonly wallMs: number;
  /** Of it, from the event to the answer. */
  readonly answerMs: number;
  /** From each event to its answer, where the file holds several: the first, then the rest. */
  readonly answersMs: readonly number[];
  readonly cpuMs: number;
  /** Peak resident memory. */
  readonly memoryMiB: number;
}

/** How a fresh process is started. */
export interface ColdStart {
  /** The bundle of `first-answer.ts`. */
  readonly script: string;
  /** The bundle of a contestant and a file with a list of events; none for a bare Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Share of one CPU that the process gets after its init, from 0 to 1. */
  readonly share: number;
  readonly nodeOptions?: readonly string[];
}

const devNull = openSync('/dev/null', 'w');

/** Length of a period in which a process gets its share, in milliseconds: that of Lambda's and the kernel's own quota. */
const PERIOD_MS = 20;

/**
 * Starts a process, lets it answer one event and gives what it measured. A share below 1 is made by stopping the process
 * (SIGSTOP) for the rest of each period of 20 ms, as a quota of the kernel's scheduler does; no special rights are needed.
 */
export async function coldStart({
  script,
  args,
  env,
  share,
  nodeOptions = [],
}: ColdStart): Promise<FirstAnswer> {
  const child = spawn(process.execPath, [...nodeOptions, script, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', devNull, 'inherit', 'pipe'],
  });
  const report = child.stdio[3] as Readable;
  let text = '';
  report.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'exit');
  await Promise.race([once(report, 'data'), exited]);

  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    child.kill('SIGCONT');
    timer = setTimeout(stop, PERIOD_MS * share);
  };
  const stop = (): void => {
    child.kill('SIGSTOP');
    timer = setTimeout(run, PERIOD_MS * (1 - share));
  };
  if (share < 1) timer = setTimeout(stop, PERIOD_MS * share);
  child.stdin?.write('\n');
  const [code] = await exited;
  clearTimeout(timer);
  if (!report.readableEnded) await once(report, 'end');
  if (code !== 0) throw new Error(`a contestant ended with ${String(code)} before it answered`);
  const measured = JSON.parse(text.slice('ready\n'.length)) as FirstAnswer;
  if (measured.statusCode !== 200) throw new Error(`a contestant answered ${measured.statusCode}`);
  return measured;
}
