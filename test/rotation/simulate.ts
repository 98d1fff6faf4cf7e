/**
 * `npm run simulate -- --rotations N --seed S [--clients C] [--nodes N] [--connections K]`: the functions of two regions through
 * at least N rotations each, until every hardship has happened, on a virtual clock; then a line for each hardship says how often it did.
 * Ends with status 1 at the first token set that is turned away. The same seed gives the same hardships, but for the
 * secrets and for how the calls of overlapping runs fall between each other.
 */

import { readOptions, runCommand } from '../../cli/command-line.ts';
import { HARDSHIPS, type Hardship } from './simulation/hardships.ts';
import { simulate, type Progress } from './simulation/run.ts';

const USAGE =
  'usage: npm run simulate -- [--rotations N] [--seed S] [--clients C] [--nodes N] [--connections K]';

function line({ rotations, mostReloads, virtualSeconds, counts }: Progress): string {
  const { first, fallback, rejected, down, unavailable } = counts;
  return (
    `${rotations} rotations in ${Math.round(virtualSeconds)} s, at most ${mostReloads} reloads of a node in one · ` +
    `${first + fallback} connections: ${first} by the first token, ${fallback} by the fallback token, ${rejected} rejected · ` +
    `${down} met a restart, ${unavailable} requests met 503`
  );
}

async function main(): Promise<number> {
  const { values } = readOptions({
    options: {
      rotations: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now()) },
      clients: { type: 'string', default: '2000' },
      nodes: { type: 'string', default: '4' },
      connections: { type: 'string', default: '4' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  let shown = 0;
  console.log(`seed ${values.seed}`);
  const end = await simulate({
    seed: values.seed,
    rotations: Number(values.rotations),
    clients: Number(values.clients),
    nodes: Number(values.nodes),
    issuers: 8,
    connections: Number(values.connections),
    onProgress: (progress) => {
      const seconds = process.uptime();
      if (seconds - shown < 2) return;
      shown = seconds;
      process.stderr.write(`${line(progress)}\n`);
    },
  });
  console.log(line(end));
  for (const [name, what] of Object.entries(HARDSHIPS))
    console.log(`${String(end.hardships[name as Hardship]).padStart(7)} ${what}`);
  if (end.counts.rejected > 0) {
    console.error(`a token set was turned away: ${end.firstRejection}; replay it with --seed ${values.seed}`);
    return 1;
  }
  return 0;
}

await runCommand(main);
process.exit();
