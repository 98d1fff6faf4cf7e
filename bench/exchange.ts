/**
 * `npm run bench`: what an exchange costs, against the floor and against what one would otherwise write. Each contestant is a
 * bundle in a process of its own; rounds take turns, so that what disturbs the machine disturbs all. Prints a table of ratios
 * to the floor and, with `--chart FILE`, draws it.
 */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { barChart } from './measure/chart.ts';
import { startRunner } from './measure/rounds.ts';
import type { RoundResult, Runner } from './measure/rounds.ts';
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
const DISTINCT = 2400;
const RENEWED = 50;
/** Exchanges of each kind before the first that counts: V8 goes on compiling what runs for tens of thousands. */
const WARM_UP = 5000;

/** What is measured, one after the other, in each round. */
interface Trial {
  readonly title: string;
  readonly algorithm: Algorithm;
  readonly renewal: boolean;
  readonly inFlight: number;
}

const TRIALS: readonly Trial[] = ALGORITHMS.flatMap((algorithm) =>
  [false, true].flatMap((renewal) =>
    [1, 50].map((inFlight) => ({
      title: `${algorithm}, ${renewal ? 'renewal' : 'first exchange'}, ${inFlight} in flight`,
      algorithm,
      renewal,
      inFlight,
    })),
  ),
).filter(({ algorithm, renewal, inFlight }) => algorithm === 'RS256' || (!renewal && inFlight === 1));

const contestants = [FLOOR, STREAMPASS, ...PEERS].filter(
  ({ name }) => options.only === undefined || name === FLOOR.name || name.includes(options.only),
);
const scene = await startScene();
const { built, folder, remove } = await buildContestants(contestants);
const runners: Runner[] = [];
try {
  const eventsFile = join(folder, 'events.json');
  await writeFile(eventsFile, JSON.stringify(newEvents()));
  for (const { file } of built) runners.push(await startRunner(file, eventsFile, scene.env));
  await rm(eventsFile);

  const results = new Map<string, RoundResult[]>();
  // Round 0 warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const trial of TRIALS) {
      for (const [index, contestant] of contestants.entries()) {
        if (contestant.lacks?.includes(trial.algorithm)) continue;
        const result = await runners[index]?.run({
          kind: kindOf(trial),
          exchanges: round === 0 ? WARM_UP : exchanges,
          inFlight: trial.inFlight,
        });
        if (result === undefined || result.refused > 0)
          throw new Error(`${contestant.name} refused: ${trial.title}`);
        if (round === 0) continue;
        const key = keyOf(trial, contestant);
        results.set(key, [...(results.get(key) ?? []), result]);
      }
    }
  }
  report(results);
  if (options.chart !== undefined) await writeFile(options.chart, chartOf(results));
} finally {
  await Promise.all(runners.map((runner) => runner.end()));
  await remove();
  await scene.close();
}

function newEvents(): Readonly<Record<string, readonly unknown[]>> {
  const kinds = new Map(TRIALS.map((trial) => [kindOf(trial), trial]));
  return Object.fromEntries(
    [...kinds].map(([kind, { algorithm, renewal }]) => {
      const count = renewal ? RENEWED : DISTINCT;
      return [kind, Array.from({ length: count }, () => scene.newEvent(algorithm))];
    }),
  );
}

function kindOf({ algorithm, renewal }: Trial): string {
  return `${algorithm} ${renewal ? 'renewal' : 'first'}`;
}

function keyOf(trial: Trial, { name }: Contestant): string {
  return `${trial.title} ${name}`;
}

function report(results: ReadonlyMap<string, readonly RoundResult[]>): void {
  console.log(
    `Node ${process.version}, ${rounds} rounds of ${exchanges} exchanges; medians of each round's ratio to the`,
  );
  console.log('floor of the same round, with quartiles; CPU and times of the floor in µs\n');
  for (const trial of TRIALS) {
    const floor = results.get(keyOf(trial, FLOOR)) ?? [];
    console.log(`## ${trial.title}\n`);
    console.log('| | CPU × floor | p50 × floor | p99 × floor | CPU, µs | p50, µs | p99, µs |');
    console.log('|---|---|---|---|---|---|---|');
    for (const contestant of contestants) {
      const own = results.get(keyOf(trial, contestant));
      if (own === undefined) continue;
      const cells = (['cpuMicros', 'p50Micros', 'p99Micros'] as const).map((field) => {
        const values = own.map((result) => result[field]);
        return {
          ratio: withSpread(
            ratios(
              values,
              floor.map((result) => result[field]),
            ),
          ),
          micros: median(values),
        };
      });
      const row = [...cells.map(({ ratio }) => ratio), ...cells.map(({ micros }) => micros.toFixed(1))];
      console.log(`| ${contestant.name} | ${row.join(' | ')} |`);
    }
    console.log('');
  }
}

function chartOf(results: ReadonlyMap<string, readonly RoundResult[]>): string {
  const shown = TRIALS.filter(({ algorithm, inFlight }) => algorithm === 'RS256' && inFlight === 1);
  const cpuRatio = (trial: Trial, contestant: Contestant): number => {
    const cpuOf = (of: Contestant): readonly number[] =>
      (results.get(keyOf(trial, of)) ?? []).map(({ cpuMicros }) => cpuMicros);
    return median(ratios(cpuOf(contestant), cpuOf(FLOOR)));
  };
  return barChart({
    title: 'CPU of one exchange, RS256, as a multiple of the floor',
    series: shown.map(({ renewal }) => (renewal ? 'renewal' : 'first exchange')),
    bars: contestants.map((contestant) => ({
      name: contestant.name,
      values: shown.map((trial) => cpuRatio(trial, contestant)),
      emphasised: contestant.name === STREAMPASS.name,
    })),
  });
}
