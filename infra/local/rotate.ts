/**
 * `npm run rotate -- start|advance|status|abort [--emergency] [--json]`: invokes the rotate function of a running
 * `npm start`, as the schedule and an operator do, and prints its report.
 */

import type { RotationReport, TargetReport } from '../../lib/rotation/report.ts';

const USAGE = 'usage: npm run rotate -- start|advance|status|abort [--emergency] [--json]';
const ADDRESS = 'http://127.0.0.1:3007/2015-03-31/functions/streampass-dev-rotate/invocations';

async function invoke(event: object): Promise<RotationReport> {
  const response = await fetch(ADDRESS, { method: 'POST', body: JSON.stringify(event) }).catch(
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

async function main(args: readonly string[]): Promise<void> {
  const options = args.filter((arg) => arg.startsWith('--'));
  const [action, ...others] = args.filter((arg) => !arg.startsWith('--'));
  const isKnown = action !== undefined && ['start', 'advance', 'status', 'abort'].includes(action);
  const emergency = options.includes('--emergency');
  const allKnown = options.every((option) => option === '--emergency' || option === '--json');
  if (!isKnown || others.length > 0 || !allKnown || (emergency && action !== 'start')) throw new Error(USAGE);
  const report = await invoke({ action, ...(emergency && { emergency }) });
  if (options.includes('--json')) console.log(JSON.stringify(report, null, 2));
  else for (const [name, target] of Object.entries(report.targets)) console.log(describe(name, target));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
