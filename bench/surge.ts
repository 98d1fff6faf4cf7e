/**
 * `npm run bench:surge`: 2,000 viewers within one second ask for tokens, then their servers ask about these, where no
 * environment runs yet and with provisioned concurrency. Real processes are measured for what an environment's start and its
 * first answers take; Lambda's assignment of requests to environments is simulated with these; then as many environments
 * really answer the requests, so that calls and refusals are counted, not computed.
 */

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleFunction } from '../build/bundle.ts';
import { buildContestants, STREAMPASS } from './contestants.ts';
import type { Contestant } from './contestants.ts';
import { coldStart, type FirstAnswer } from './measure/cold.ts';
import { median, quantile } from './measure/statistics.ts';
import { serveSurge } from './measure/surge.ts';
import type { EnvironmentTimes, Served } from './measure/surge.ts';
import { startScene } from './scene.ts';

const { values: options } = parseArgs({
  options: {
    viewers: { type: 'string', default: '2000' },
    processes: { type: 'string', default: '15' },
  },
});
const viewers = Number(options.viewers);

/** The function's memory is 512 MB, with 512/1769 of a CPU (AWS Lambda Developer Guide, "Configure memory"). */
const SHARE = 512 / 1769;
/** Answers of one fresh environment that are timed. */
const ANSWERS = 10;
const PROVISIONED = [0, 10, 50];

type Answer = { readonly statusCode: number; readonly body: string };
type Handler = (event: unknown, context: unknown) => Promise<Answer>;

/** A function in a surge. */
interface Job {
  readonly what: string;
  readonly contestant: Contestant;
  readonly newEvent: () => Promise<unknown>;
  readonly isGood: (answer: Answer) => boolean;
}

const scene = await startScene();
const callersSecret = randomUUID();
const created = scene.secrets.execute('CreateSecret', {
  Name: 'streampass/bench/callers',
  ClientRequestToken: randomUUID(),
  SecretString: callersSecret,
});
if (created.error) throw created.error;
const env = { ...scene.env, RED5_CALLER_SECRET_ID: 'streampass/bench/callers' };
Object.assign(process.env, env);

const CALLBACKS: Contestant = { name: 'callbacks', source: 'functions/callbacks.ts', tuned: true };
const { built, folder, remove } = await buildContestants([STREAMPASS, CALLBACKS]);
const fileOf = ({ name }: Contestant): string => built.find((one) => one.name === name)?.file ?? '';
const { handler: exchange } = (await import(fileOf(STREAMPASS))) as { readonly handler: Handler };

const JOBS: readonly Job[] = [
  {
    what: '`token`',
    contestant: STREAMPASS,
    newEvent: async () => scene.newEvent('RS256'),
    isGood: ({ statusCode }) => statusCode === 200,
  },
  {
    what: '`callbacks`, asked by Red5 about as many tokens',
    contestant: CALLBACKS,
    newEvent: newConnect,
    isGood: ({ body }) => body === '{"result":true}',
  },
];

try {
  for (const job of JOBS) await run(job);
} finally {
  await remove();
  await scene.close();
}

async function run(job: Job): Promise<void> {
  const times = await timeEnvironments(job);
  const arrivals = Array.from({ length: viewers }, (_, index) => (index * 1000) / viewers);
  const cold = serveSurge({ arrivals, times, provisioned: 0 });
  const events = await newEvents(job, cold.length);
  const before = { ...scene.requests };
  const refused = await answerAll(job, cold, events);
  const secrets = scene.requests.secrets - before.secrets;
  const provider = scene.requests.provider - before.provider;

  console.log(
    `${job.what}: an environment of 512 MB starts in ${median(times.cold).toFixed(0)} ms (median of ` +
      `${times.cold.length}, without what Lambda itself takes); its first answer takes ` +
      `${(times.answers[0] ?? Number.NaN).toFixed(1)} ms if it was provisioned.\n`,
  );
  console.log('| provisioned | environments | throttled | p50, ms | p90, ms | p99, ms |');
  console.log('|---|---|---|---|---|---|');
  for (const provisioned of PROVISIONED) {
    const served = serveSurge({ arrivals, times, provisioned });
    const latencies = served.map(({ latencyMs }) => latencyMs);
    const cells = [0.5, 0.9, 0.99].map((share) => quantile(latencies, share).toFixed(1));
    const row = [provisioned, environmentsOf(served), viewers - served.length, ...cells];
    console.log(`| ${row.join(' | ')} |`);
  }
  console.log(
    `\nWith none provisioned, ${environmentsOf(cold)} environments really answered ${cold.length} requests: ` +
      `${refused} refused, ${secrets} calls of Secrets Manager, ${provider} requests to the provider.\n`,
  );
}

/** A connect that Red5 asks about, with a token of its own. */
async function newConnect(): Promise<unknown> {
  const { body } = await quietly(() => exchange(scene.newEvent('RS256'), {}));
  const { access_token: token } = JSON.parse(body) as { readonly access_token: string };
  return {
    rawPath: '/red5/validateCredentials',
    queryStringParameters: { key: callersSecret },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'publisher',
      username: 'jwt',
      password: 'jwt',
      streamID: 'studio-1',
      token,
    }),
  };
}

async function newEvents({ newEvent }: Job, count: number): Promise<readonly unknown[]> {
  const events: unknown[] = [];
  while (events.length < count) events.push(await newEvent());
  return events;
}

function environmentsOf(served: readonly Served[]): number {
  return new Set(served.map(({ environment }) => environment)).size;
}

/** Fresh processes, each with the CPU of the function after its init, up to their tenth answer. */
async function timeEnvironments(job: Job): Promise<EnvironmentTimes> {
  const script = join(folder, 'first-answer.mjs');
  await bundleFunction(join(import.meta.dirname, 'measure/first-answer.ts'), script);
  const eventsFile = join(folder, 'events.json');
  await writeFile(eventsFile, JSON.stringify(await newEvents(job, ANSWERS)));
  const measured: FirstAnswer[] = [];
  while (measured.length < Number(options.processes)) {
    const args = [fileOf(job.contestant), eventsFile];
    measured.push(await coldStart({ script, args, env, share: SHARE }));
  }
  return {
    cold: measured.map(({ wallMs }) => wallMs),
    answers: Array.from({ length: ANSWERS }, (_, at) =>
      median(measured.map(({ answersMs }) => answersMs[at] ?? 0)),
    ),
  };
}

/** Lets as many environments answer, each a copy of the bundle with caches of its own. @returns how many were refused */
async function answerAll(
  { contestant, isGood }: Job,
  served: readonly Served[],
  events: readonly unknown[],
): Promise<number> {
  let at = 0;
  let refused = 0;
  for (const [environment, own] of Map.groupBy(served, (one) => one.environment)) {
    const module = `${fileOf(contestant)}?environment=${environment}`;
    const { handler } = await quietly(async () => (await import(module)) as { readonly handler: Handler });
    for (const _ of own) {
      const answer = await quietly(() => handler(events[at++], {}));
      if (!isGood(answer)) refused++;
    }
  }
  return refused;
}

/** Without the functions' own log lines on this program's output. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
