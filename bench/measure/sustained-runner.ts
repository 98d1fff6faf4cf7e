/**
 * A function's process under a steady load: answers the batches of events that the parent sends, and tells once a second
 * what it came to. Without a bundle it is idle: what stalls it then is the machine.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Batch, Second } from './sustained.ts';

interface Bundle {
  readonly handler: (event: unknown) => Promise<{ readonly statusCode: number; readonly body: string }>;
}

const [bundle] = process.argv.slice(2);
const handler = bundle === undefined ? undefined : ((await import(bundle)) as Bundle).handler;
const RESOLUTION_MS = 10;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

let answered = 0;
let cpu = process.cpuUsage();
const refusals: string[] = [];
const kids = new Set<string>();
let fallbacks = 0;

process.on('message', (batch: Batch) => void answerAll(batch));
process.on('disconnect', () => process.exit(0));
setInterval(tell, 1000);
process.send?.('ready');

async function answerAll(batch: Batch): Promise<void> {
  for (const event of batch.events) {
    const answer = await handler?.(event);
    if (answer === undefined) continue;
    answered++;
    const body = JSON.parse(answer.body) as Record<string, string | undefined>;
    if (answer.statusCode === 200) {
      const [head = ''] = (body['access_token'] ?? '').split('.');
      kids.add((JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid);
      if (body['fallback_token'] !== undefined) fallbacks++;
    } else {
      refusals.push(body['reason'] ?? String(answer.statusCode));
    }
  }
}

function tell(): void {
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const second: Second = {
    answered,
    refusals: refusals.splice(0),
    kids: [...kids],
    fallbacks,
    cpuMs: (user + system) / 1000,
    rssMiB: rss / 2 ** 20,
    heapMiB: heapUsed / 2 ** 20,
    longestStallMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
  };
  answered = 0;
  fallbacks = 0;
  kids.clear();
  delay.reset();
  process.send?.(second);
}
