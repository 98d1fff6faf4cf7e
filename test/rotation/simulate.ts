/**
 * `npm run simulate -- --rotations N --seed S [--clients C] [--nodes N] [--connections K]`: the built functions through N rotations with
 * everything going wrong that can, on a virtual clock. Ends with status 1 at the first token set that is turned away. The
 * same seed gives the same run, but for the secrets and for how the calls of doubled deliveries fall between each other.
 */

import { parseArgs } from 'node:util';
import { simulate, type Progress } from './simulation/run.ts';

const { values } = parseArgs({
  options: {
    rotations: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now()) },
    clients: { type: 'string', default: '2000' },
    nodes: { type: 'string', default: '4' },
    connections: { type: 'string', default: '4' },
  },
});

function line(progress: Progress): string {
  const { rotations, aborts, faults, crashes, manual, counts, virtualSeconds } = progress;
  const { overlaps, restored, hidden, invalid } = progress;
  const { first, fallback, rejected, down, unavailable } = counts;
  return (
    `${rotations} rotations, ${aborts} aborts, ${manual} changes by hand in ${Math.round(virtualSeconds)} s · ` +
    `${faults} faults, ${crashes} node crashes, ${overlaps} overlapping runs, ${restored} restored backups, ${hidden} unreachable nodes, ${invalid} invalid secrets · connected ${first} first, ${fallback} fallback, ${rejected} rejected · ` +
    `${down} met a restart, ${unavailable} met 503`
  );
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
if (end.counts.rejected > 0) {
  console.error(`a token set was turned away: ${end.firstRejection}; replay it with --seed ${values.seed}`);
  process.exitCode = 1;
}
process.exit();
