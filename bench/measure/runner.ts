/**
 * A contestant's process: loads its bundle and runs rounds as the parent asks for them. Standard output is where its log
 * goes, so answers go by IPC.
 *
 * Arguments: the bundle, and a file of events as {@link eventsFileOf} writes it.
 */

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { readEvents } from './rounds.ts';
import type { Round, RoundResult } from './rounds.ts';

type Handler = (event: unknown, context: unknown) => Promise<{ readonly statusCode: number }>;

const [bundle = '', eventsFile = ''] = process.argv.slice(2);
const eventAt = readEvents(readFileSync(eventsFile));
const { handler } = (await import(bundle)) as { readonly handler: Handler };
const context = { awsRequestId: 'bench', functionName: 'token', getRemainingTimeInMillis: () => 10_000 };
/** Where each kind's next round begins, so that a kind's events come in turn. */
const next = new Map<string, number>();

process.on('message', (round: Round) => {
  run(round).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.('ready');

async function run({ kind, exchanges, inFlight }: Round): Promise<RoundResult> {
  let at = next.get(kind) ?? 0;
  next.set(kind, at + exchanges);
  const latencies = new Float64Array(exchanges);
  let begun = 0;
  let refused = 0;

  async function exchangeInTurn(): Promise<void> {
    while (begun < exchanges) {
      const index = begun++;
      const event = eventAt(kind, at++);
      const startedAt = performance.now();
      const { statusCode } = await handler(event, context);
      latencies[index] = performance.now() - startedAt;
      if (statusCode !== 200) refused++;
    }
  }

  const before = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, exchangeInTurn));
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  latencies.sort();
  return {
    refused,
    cpuMicros: (user + system) / exchanges,
    wallMicros: (wallMs * 1000) / exchanges,
    p50Micros: (latencies[Math.floor(exchanges * 0.5)] ?? 0) * 1000,
    p99Micros: (latencies[Math.floor(exchanges * 0.99)] ?? 0) * 1000,
  };
}
