/**
 * A fresh process to its first answer: imports a bundle, which is a function's init, then hands over its events. Between the
 * two it waits for a byte on standard input, so that CPU can be taken away after init, as Lambda does.
 *
 * Arguments: the bundle and a file with a list of events; with none it does nothing, which is what a bare Node costs. What it
 * measured goes to file descriptor 3.
 */

import { readFileSync, readSync, writeSync } from 'node:fs';
import type { FirstAnswer } from './cold.ts';

interface Bundle {
  readonly handler: (event: unknown, context: unknown) => Promise<{ readonly statusCode: number }>;
}

const [bundle, eventsFile = ''] = process.argv.slice(2);
const handler = bundle === undefined ? undefined : ((await import(bundle)) as Bundle).handler;
const initMs = performance.now();
writeSync(3, 'ready\n');
waitForByte();

const events = handler === undefined ? [] : (JSON.parse(readFileSync(eventsFile, 'utf8')) as unknown[]);
const answersMs: number[] = [];
let worst = 200;
/** What the process has used at its first answer. */
let usage = process.resourceUsage();
for (const event of events) {
  const askedAt = performance.now();
  const answer = await handler?.(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 10_000 });
  answersMs.push(performance.now() - askedAt);
  if (answersMs.length === 1) usage = process.resourceUsage();
  worst = Math.max(worst, answer?.statusCode ?? 0);
}
const [answerMs = 0] = answersMs;

const { userCPUTime, systemCPUTime, maxRSS } = usage;
const measured: FirstAnswer = {
  statusCode: worst,
  wallMs: initMs + answerMs,
  answerMs,
  answersMs,
  cpuMs: (userCPUTime + systemCPUTime) / 1000,
  memoryMiB: maxRSS / 1024,
};
writeSync(3, JSON.stringify(measured));
process.exit(0);

/** Asleep, and by no stream: to load one here would hide what a contestant's own costs. */
function waitForByte(): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      readSync(0, Buffer.alloc(1));
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(cell, 0, 0, 1);
    }
  }
}
