/**
 * `npm run rotate -- start|advance|status|abort [--emergency] [--json] [--port N]`: invokes the rotate function of a
 * running `npm start`, as the schedule and an operator do, and prints its report. N is the stack's first port.
 */

import { parseArgs } from 'node:util';
import type { RotationReport, TargetReport } from '../lib/rotation/report.ts';
import { portsFrom } from '../local/ports.ts';

const USAGE = 'usage: npm run rotate -- start|advance|status|abort [--emergency] [--json] [--port N]';

async function invoke(event: object, port: number): Promise<RotationReport> {
  const address = `http://127.0.0.1:${port}/2015-03-31/functions/streampass-local-rotate/invocations`;
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(event) }).catch(
    () => undefined,
  );
  if (response === undefined) throw new Error('the local stack is not running: start it with `npm start`');
  const answer = (await response.json()) as Partial<RotationReport> & { readonly errorMessage?: string };
  if (answer.targets === undefined)
    throw new Error(answer.errorMessage ?? `the function answered with status ${response.status}`);
  return { targets: answer.targets };
}

/** One target's report as a person reads it. */
function describe(
  name: string,
  { phase, current, fallback, nodes, next, problems = [] }: TargetReport,
): string {
  const at = next.at === undefined ? '' : ` at ${next.at}`;
  return [
    `${name}: ${phase}`,
    `  current   ${current ?? 'none'}`,
    ...(fallback === undefined ? [] : [`  fallback  ${fallback}`]),
    ...nodes.map(
      ({ node, holds, problem }) =>
        `  node      ${node} holds ${holds ?? 'nothing known'}${problem === undefined ? '' : ` (${problem})`}`,
    ),
    `  next      ${next.step}${at}: ${next.why}`,
    ...problems.map((problem) => `  problem   ${problem}`),
  ].join('\n');
}

async function main(): Promise<void> {
  const { values, positionals } = parseOptions();
  if (values.help) return console.log(USAGE);
  const { emergency = false, json = false, port = '3000' } = values;
  const [action, ...others] = positionals;
  const isKnown = action !== undefined && ['start', 'advance', 'status', 'abort'].includes(action);
  const isPort = /^\d{4,5}$/.test(port) && Number(port) <= 65_000;
  if (!isKnown || others.length > 0 || !isPort || (emergency && action !== 'start')) throw new Error(USAGE);
  const report = await invoke({ action, ...(emergency && { emergency }) }, portsFrom(Number(port)).lambda);
  if (json) console.log(JSON.stringify(report, null, 2));
  else for (const [name, target] of Object.entries(report.targets)) console.log(describe(name, target));
}

function parseOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        emergency: { type: 'boolean' },
        json: { type: 'boolean' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
