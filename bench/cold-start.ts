/**
 * `npm run bench:cold`: a fresh process to its first answer, over a bare Node, against the floor and the peers; at full speed
 * and with the CPU share of a small function after its init. With `--modules` it tells what in the bundle costs what.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleFunction } from '../build/bundle.ts';
import { buildContestants, FLOOR, PEERS, STREAMPASS, TUNED_FLOOR } from './contestants.ts';
import { barChart } from './measure/chart.ts';
import { coldStart } from './measure/cold.ts';
import { goalsTable } from './measure/goals.ts';
import type { FirstAnswer } from './measure/cold.ts';
import { largestInputs, profileOf } from './measure/modules.ts';
import { median, ratios, withSpread } from './measure/statistics.ts';
import { startScene } from './scene.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    only: { type: 'string' },
    chart: { type: 'string' },
    modules: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);

/** Memory that gives a function a whole CPU, in MB; less gives it a share (AWS Lambda Developer Guide, "Configure memory"). */
const WHOLE_CPU_MB = 1769;
interface Speed {
  readonly title: string;
  readonly memoryMb: number;
}
const FULL: Speed = { title: 'At full speed', memoryMb: WHOLE_CPU_MB };
const SMALL: Speed = { title: 'After init, with the CPU share of a 256 MB function', memoryMb: 256 };
const SPEEDS = [FULL, SMALL];
const BARE = 'bare Node';

const contestants = [FLOOR, TUNED_FLOOR, STREAMPASS, ...PEERS].filter(
  ({ name }) => options.only === undefined || name.startsWith(FLOOR.name) || name.includes(options.only),
);
const scene = await startScene();
const { built, folder, remove } = await buildContestants(contestants);
try {
  const script = join(folder, 'first-answer.mjs');
  await bundleFunction(join(import.meta.dirname, 'measure/first-answer.ts'), script);
  const eventFile = join(folder, 'event.json');
  await writeFile(eventFile, JSON.stringify([scene.newEvent('RS256')]));
  const started = [
    { name: BARE, args: [] },
    ...built.map(({ name, file }) => ({ name, args: [file, eventFile] })),
  ];

  if (options.modules) {
    const streampass = built.find(({ name }) => name === STREAMPASS.name);
    if (streampass !== undefined) {
      console.log(`## Bytes of the bundle, by package\n\n${largestInputs(streampass)}`);
      console.log('## CPU of init and the first answer, by origin\n');
      console.log(
        await profileOf({ script, args: [streampass.file, eventFile], env: scene.env, share: 1 }, folder),
      );
    }
  } else {
    const results = new Map<string, FirstAnswer[]>();
    for (let round = 0; round < rounds; round++) {
      for (const { title, memoryMb } of SPEEDS) {
        const env = {
          ...scene.env,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        };
        for (const { name, args } of started) {
          const key = `${title} ${name}`;
          const measured = await coldStart({ script, args, env, share: memoryMb / WHOLE_CPU_MB });
          results.set(key, [...(results.get(key) ?? []), measured]);
        }
      }
    }
    const over =
      ({ title }: Speed, field: 'wallMs' | 'cpuMs') =>
      (name: string): readonly number[] =>
        ratiosOverBare((of) => results.get(`${title} ${of}`) ?? [], name, field);
    console.log(
      goalsTable([
        { what: 'a cold start over a bare Node, CPU', limit: 2, ratiosOf: over(FULL, 'cpuMs') },
        {
          what: 'with the CPU of a 256 MB function after init, wall',
          limit: 2.5,
          ratiosOf: over(SMALL, 'wallMs'),
        },
      ]),
    );
    for (const { title } of SPEEDS) report(title, (name) => results.get(`${title} ${name}`) ?? []);
    if (options.chart !== undefined) {
      await writeFile(
        options.chart,
        chartOf((title, name) => results.get(`${title} ${name}`) ?? []),
      );
    }
  }
} finally {
  await remove();
  await scene.close();
}

/** One contestant's times beyond a bare Node over the floor's. */
function ratiosOverBare(
  resultsOf: (name: string) => readonly FirstAnswer[],
  name: string,
  field: 'wallMs' | 'cpuMs',
): readonly number[] {
  const times = (of: string): readonly number[] => overBare(resultsOf(of), resultsOf(BARE), field);
  return ratios(times(name), times(FLOOR.name));
}

/** What each round took beyond a bare Node of the same round. */
function overBare(
  own: readonly FirstAnswer[],
  bare: readonly FirstAnswer[],
  field: 'wallMs' | 'cpuMs',
): readonly number[] {
  return own.map((measured, round) => measured[field] - (bare[round]?.[field] ?? Number.NaN));
}

function report(title: string, resultsOf: (name: string) => readonly FirstAnswer[]): void {
  const bare = resultsOf(BARE);
  console.log(
    `\n${title}, medians of ${rounds} rounds; a bare Node takes ${median(bare.map(({ wallMs }) => wallMs)).toFixed(0)} ms and ` +
      `${median(bare.map(({ memoryMiB }) => memoryMiB)).toFixed(0)} MiB, and the times are over it:\n`,
  );
  console.log(
    '| | bundle, KiB | wall × floor | CPU × floor | wall, ms | CPU, ms | first answer, ms | peak memory, MiB |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const { name, bytes } of built) {
    const own = resultsOf(name);
    const cells = (['wallMs', 'cpuMs'] as const).map((field) => {
      const ratio = withSpread(ratiosOverBare(resultsOf, name, field));
      return { ratio, ms: median(overBare(own, bare, field)).toFixed(1) };
    });
    const row = [
      name,
      (bytes / 1024).toFixed(0),
      ...cells.map(({ ratio }) => ratio),
      ...cells.map(({ ms }) => ms),
      median(own.map(({ answerMs }) => answerMs)).toFixed(1),
      median(own.map(({ memoryMiB }) => memoryMiB)).toFixed(0),
    ];
    console.log(`| ${row.join(' | ')} |`);
  }
}

function chartOf(resultsOf: (title: string, name: string) => readonly FirstAnswer[]): string {
  return barChart({
    title: 'Cold start over a bare Node, as a multiple of the floor',
    series: ['full speed', '256 MB function'],
    bars: contestants.map(({ name }) => ({
      name,
      values: SPEEDS.map(({ title }) => median(ratiosOverBare((of) => resultsOf(title, of), name, 'wallMs'))),
      emphasised: name === STREAMPASS.name,
    })),
  });
}
