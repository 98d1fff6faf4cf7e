/**
 * `npm run bench`: what an exchange costs, against the floor and against what one would otherwise write. Each contestant is a
 * bundle in a process of its own; rounds take turns, so that what disturbs the machine disturbs all. Prints Markdown for
 * docs/performance.md and, with `--chart FILE`, draws it.
 */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { barChart } from './measure/chart.ts';
import { goalsTable } from './measure/goals.ts';
import { eventsFileOf, startRunner } from './measure/rounds.ts';
import type { BenchEvents, RoundResult, Runner } from './measure/rounds.ts';
import { median, ratios, withSpread } from './measure/statistics.ts';
import { buildContestants, FLOOR, PEERS, STREAMPASS } from './contestants.ts';
import type { Contestant } from './contestants.ts';
import { ALGORITHMS, startScene } from './scene.ts';
import type { Algorithm } from './scene.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    exchanges: { type: 'string', default: '1000' },
    only: { type: 'string' },
    chart: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const exchanges = Number(options.exchanges);

/** More than any contestant remembers, so that none has seen a token when it comes again. */
const DISTINCT = 4000;
/** So many that none asks more often in a minute than the limit of a user allows. */
const RENEWED = 200;
/** Exchanges before the first that counts. V8 goes on compiling what runs for tens of thousands; few functions live so long. */
const LONG_WARM_UP = 30_000;
const SHORT_WARM_UP = 3000;
/** A viewer who stays for an hour: one first exchange, and a renewal every ten minutes. */
const RENEWALS_AN_HOUR = 6;

/** What is measured, one after the other, in each round. */
interface Trial {
  readonly title: string;
  readonly algorithm: Algorithm;
  readonly renewal: boolean;
  readonly inFlight: number;
}

const trial = (title: string, algorithm: Algorithm, renewal = false, inFlight = 1): Trial => ({
  title,
  algorithm,
  renewal,
  inFlight,
});
const FIRST = trial('first, 1 in flight', 'RS256');
const RENEWAL = trial('renewal, 1 in flight', 'RS256', true);
const SHORT_FIRST = trial('first, short warm-up', 'RS256');
const SHORT_RENEWAL = trial('renewal, short warm-up', 'RS256', true);
const LONG: readonly Trial[] = [
  FIRST,
  RENEWAL,
  trial('first, 50 in flight', 'RS256', false, 50),
  trial('renewal, 50 in flight', 'RS256', true, 50),
  trial('ES256, first', 'ES256'),
  trial('EdDSA, first', 'EdDSA'),
];
const SHORT: readonly Trial[] = [SHORT_FIRST, SHORT_RENEWAL];

const contestants = [FLOOR, STREAMPASS, ...PEERS].filter(
  ({ name }) => options.only === undefined || name === FLOOR.name || name.includes(options.only),
);
const results = new Map<string, RoundResult[]>();
const scene = await startScene();
const { built, folder, remove } = await buildContestants(contestants);
try {
  const eventsFile = join(folder, 'events.json');
  await writeFile(eventsFile, eventsFileOf(newEvents()));
  const start = (file: string): Promise<Runner> => startRunner(file, eventsFile, scene.env);

  const runners = await Promise.all(built.map(({ file }) => start(file)));
  try {
    for (const [index, runner] of runners.entries()) {
      await warmUp(runner, LONG_WARM_UP);
      for (const other of LONG.slice(2)) await measure(runner, built[index], other, SHORT_WARM_UP);
    }
    results.clear();
    for (let round = 0; round < rounds; round++)
      for (const one of LONG)
        for (const [index, runner] of runners.entries()) await measure(runner, built[index], one, exchanges);
  } finally {
    await Promise.all(runners.map((runner) => runner.end()));
  }

  for (let round = 0; round < rounds; round++) {
    for (const contestant of built) {
      const runner = await start(contestant.file);
      try {
        await warmUp(runner, SHORT_WARM_UP);
        for (const one of SHORT) await measure(runner, contestant, one, exchanges / 2);
      } finally {
        await runner.end();
      }
    }
  }
  await rm(eventsFile);

  report();
  if (options.chart !== undefined) await writeFile(options.chart, chart());
} finally {
  await remove();
  await scene.close();
}

function newEvents(): BenchEvents {
  const { body: _, ...envelope } = scene.newEvent('RS256');
  const bodies = ALGORITHMS.flatMap((algorithm) =>
    [false, true].map((renewal) => [
      kindOf({ algorithm, renewal }),
      Array.from({ length: renewal ? RENEWED : DISTINCT }, () => scene.newEvent(algorithm).body ?? ''),
    ]),
  );
  return { envelope, bodies: Object.fromEntries(bodies) as BenchEvents['bodies'] };
}

function kindOf({ algorithm, renewal }: Pick<Trial, 'algorithm' | 'renewal'>): string {
  return `${algorithm} ${renewal ? 'renewal' : 'first'}`;
}

/** First exchanges and renewals in turn, as a function sees them. */
async function warmUp(runner: Runner, count: number): Promise<void> {
  const TURN = 250;
  for (let done = 0; done < count; done += 2 * TURN)
    for (const { algorithm, renewal } of [FIRST, RENEWAL])
      await runner.run({ kind: kindOf({ algorithm, renewal }), exchanges: TURN, inFlight: 1 });
}

async function measure(
  runner: Runner,
  contestant: Contestant | undefined,
  one: Trial,
  count: number,
): Promise<void> {
  if (contestant === undefined || contestant.lacks?.includes(one.algorithm)) return;
  // A renewal is of a token that was seen: the first exchanges of the other trials may have driven it out of a memory.
  if (one.renewal) await runner.run({ kind: kindOf(one), exchanges: RENEWED, inFlight: 1 });
  const result = await runner.run({ kind: kindOf(one), exchanges: count, inFlight: one.inFlight });
  if (result.refused > 0) throw new Error(`${contestant.name} refused: ${one.title}`);
  const key = `${one.title} ${contestant.name}`;
  results.set(key, [...(results.get(key) ?? []), result]);
}

function resultsOf({ title }: Trial, name: string): readonly RoundResult[] {
  return results.get(`${title} ${name}`) ?? [];
}

function ratiosOf(one: Trial, name: string, field: 'cpuMicros' | 'p50Micros'): readonly number[] {
  const values = (of: string): readonly number[] => resultsOf(one, of).map((result) => result[field]);
  return ratios(values(name), values(FLOOR.name));
}

/** A viewer's hour over the floor's, round by round. */
function hourRatios(first: Trial, renewal: Trial, name: string): readonly number[] {
  const hours = (of: string): readonly number[] => {
    const renewals = resultsOf(renewal, of);
    return resultsOf(first, of).map(
      ({ cpuMicros }, round) => cpuMicros + RENEWALS_AN_HOUR * (renewals[round]?.cpuMicros ?? Number.NaN),
    );
  };
  return ratios(hours(name), hours(FLOOR.name));
}

function report(): void {
  const cpu = (one: Trial) => (name: string) => ratiosOf(one, name, 'cpuMicros');
  const hour = (first: Trial, renewal: Trial) => (name: string) => hourRatios(first, renewal, name);
  console.log(
    goalsTable([
      { what: 'a first exchange, CPU', limit: 3.2, ratiosOf: cpu(FIRST) },
      { what: 'the same after a short warm-up', limit: 3.2, ratiosOf: cpu(SHORT_FIRST) },
      { what: 'a renewal, CPU', limit: 0.8, ratiosOf: cpu(RENEWAL) },
      { what: 'the same after a short warm-up', limit: 0.8, ratiosOf: cpu(SHORT_RENEWAL) },
      { what: "a viewer's hour, CPU", limit: 1.2, ratiosOf: hour(FIRST, RENEWAL) },
      { what: 'the same after a short warm-up', limit: 1.2, ratiosOf: hour(SHORT_FIRST, SHORT_RENEWAL) },
    ]),
  );
  const floor = median(resultsOf(FIRST, FLOOR.name).map(({ cpuMicros }) => cpuMicros));
  console.log(
    `\nMedians of ${rounds} rounds of ${exchanges} exchanges, after a warm-up of ${LONG_WARM_UP.toLocaleString('en')} and of ${SHORT_WARM_UP.toLocaleString('en')}, ` +
      `with quartiles. The floor takes ${floor.toFixed(1)} µs of CPU for RS256.\n\nCPU of the whole process per exchange, × floor:\n`,
  );
  table(
    [...LONG, ...SHORT].map((one) => one.title),
    (name) => [...LONG, ...SHORT].map((one) => spread(ratiosOf(one, name, 'cpuMicros'))),
  );
  console.log('\nTime from event to answer, RS256, one in flight:\n');
  table(['first: p50 × floor', 'p99, µs', 'renewal: p50 × floor', 'p99, µs'], (name) =>
    [FIRST, RENEWAL].flatMap((one) => [
      spread(ratiosOf(one, name, 'p50Micros')),
      median(resultsOf(one, name).map(({ p99Micros }) => p99Micros)).toFixed(0),
    ]),
  );
}

function spread(values: readonly number[]): string {
  return values.length === 0 ? '—' : withSpread(values);
}

function table(columns: readonly string[], cellsOf: (contestant: string) => readonly string[]): void {
  console.log(`| | ${columns.join(' | ')} |`);
  console.log(`|---|${'---|'.repeat(columns.length)}`);
  for (const { name } of contestants) console.log(`| ${[name, ...cellsOf(name)].join(' | ')} |`);
}

function chart(): string {
  const shown = [FIRST, RENEWAL];
  return barChart({
    title: 'CPU of one exchange, RS256, as a multiple of the floor',
    series: ['first exchange', 'renewal'],
    bars: contestants.map(({ name }) => ({
      name,
      values: shown.map((one) => median(ratiosOf(one, name, 'cpuMicros'))),
      emphasised: name === STREAMPASS.name,
    })),
  });
}
