/**
 * `npm run rotate -- start|status|abort|emergency|advance [TARGET …]`: rotates the secrets of a deployed stage
 * (`--stage`, with your AWS credentials) or of a running `npm start`. Exit status: 0 done, 1 failed, 2 refused or a wrong
 * call, 3 done but the report names a problem.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { portsFrom } from '../local/ports.ts';
import { readOptions, runCommand, WrongCall } from './command-line.ts';
import { exitStatus, formatReport, isOver, progressLine } from './rotate/format.ts';
import { deployedRotate, localRotate, type InvokeRotate } from './rotate/invoke.ts';
import type { ShownReport } from './rotate/report-schema.ts';

const USAGE = `usage: npm run rotate -- start|status|abort|emergency|advance [TARGET …]
  --stage STAGE              a deployed stage, with your AWS credentials; default: the local stack
  --region REGION            the stage's AWS region; default: your AWS settings' region
  --confirm-servers-follow   with start: servers without a fleet fetch the version labelled STREAMPASS_SERVERS themselves
  --watch                    prints each change until the rotation is over
  --json                     prints the report as it is
  --port N                   the first port of the local stack (3000)
An emergency needs a TARGET. Exit status: 0 done, 1 failed, 2 refused or a wrong call, 3 the report names a problem.`;

const ACTIONS = ['start', 'status', 'abort', 'emergency', 'advance'];

/** The shortest and the longest time between two reads of --watch, in milliseconds. Each read costs calls. */
const SOONEST = { deployed: 15_000, local: 1000 };
const LATEST = 300_000;

async function main(): Promise<number> {
  const { values, positionals } = parseOptions();
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [action = '', ...targets] = positionals;
  const { stage, region, json = false, watch = false, port = '3000' } = values;
  const confirms = values['confirm-servers-follow'] ?? false;
  if (!ACTIONS.includes(action) || !/^\d{4,5}$/.test(port) || Number(port) > 65_000)
    throw new WrongCall(USAGE);
  if (action === 'emergency' && targets.length === 0)
    throw new WrongCall('an emergency needs a target: one leaked secret must not end every token');
  if (confirms && action !== 'start') throw new WrongCall('--confirm-servers-follow goes with start');

  const invoke =
    stage === undefined ? localRotate(portsFrom(Number(port)).lambda) : deployedRotate(stage, region);
  const named = targets.length > 0 ? { targets } : {};
  const event =
    action === 'emergency'
      ? { action: 'start', emergency: true, ...named }
      : { action, ...(confirms && { confirmServersFollow: true }), ...named };
  let report = await invoke(event);
  const refused = exitStatus(report) === 2;
  if (watch && !refused) {
    report = await watchUntilOver(
      report,
      named,
      invoke,
      stage === undefined ? SOONEST.local : SOONEST.deployed,
    );
  }
  console.log(json ? JSON.stringify(report, null, 2) : formatReport(report, { now: new Date() }));
  return exitStatus(report);
}

async function watchUntilOver(
  first: ShownReport,
  named: { readonly targets?: readonly string[] },
  invoke: InvokeRotate,
  soonest: number,
): Promise<ShownReport> {
  let report = first;
  while (!Object.values(report.targets).every(isOver)) {
    const now = new Date();
    process.stderr.write(`${progressLine(report, { now })}\n`);
    const ends = Object.values(report.targets).flatMap(({ next }) =>
      next.at === undefined ? [] : [Date.parse(next.at) - now.getTime()],
    );
    await sleep(Math.max(soonest, Math.min(LATEST, ...ends)));
    report = await invoke({ action: 'status', ...named });
  }
  return report;
}

function parseOptions() {
  return readOptions({
    allowPositionals: true,
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      'confirm-servers-follow': { type: 'boolean' },
      watch: { type: 'boolean' },
      json: { type: 'boolean' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

await runCommand(main);
