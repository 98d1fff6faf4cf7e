/**
 * `npm run rehearse`: plays a rotation of every target of your `streampass.config.ts` through on a virtual clock. It says
 * how long each phase takes and why, and how many connections would be refused. Nothing is contacted.
 */

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatProblem, resolveConfig } from '../lib/config/resolve-config.ts';
import { LOCAL_STAGE, readOptions, runCommand, WrongCall } from './command-line.ts';
import { rehearse, type Rehearsal } from './rehearse/rehearse.ts';
import { tableOf, timelineOf } from './rehearse/show.ts';

const USAGE = `usage: npm run rehearse [-- OPTIONS]
  --config FILE       the configuration (streampass.config.ts)
  --stage STAGE       the stage for which it is read (local)
  --start TIME        when the rotation starts, such as 2026-11-24T09:00:00Z (now)
  --nodes N           nodes of each target (4)
  --reload SECONDS    how long a node takes no connections while it is reloaded (30)
  --faults            simulates throttled calls, lost runs, a silent node and failing reloads
  --svg FILE          writes a timeline
Exit status: 0 no connection would be refused, 1 one would, or the configuration is wrong, 2 a wrong call.`;

async function main(): Promise<number> {
  const { values } = readOptions({
    options: {
      config: { type: 'string', default: 'streampass.config.ts' },
      stage: { type: 'string', default: LOCAL_STAGE },
      start: { type: 'string', default: new Date().toISOString() },
      nodes: { type: 'string', default: '4' },
      reload: { type: 'string', default: '30' },
      faults: { type: 'boolean', default: false },
      svg: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const start = Math.ceil(Date.parse(values.start) / 60_000) * 60;
  const [nodes, reloadSeconds] = [Number(values.nodes), Number(values.reload)];
  if (!Number.isFinite(start)) throw new WrongCall('--start must be a time such as 2026-11-24T09:00:00Z');
  if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= 1000))
    throw new WrongCall('--nodes must be a whole number from 1 to 1000');
  if (!(reloadSeconds >= 0 && reloadSeconds <= 3600))
    throw new WrongCall('--reload must be 0 to 3600 seconds');

  const file = (await import(pathToFileURL(resolve(values.config)).href)) as { readonly default: unknown };
  const { config, problems } = resolveConfig(file.default, { stage: values.stage, env: process.env });
  if (problems.length > 0) throw new Error(problems.map((problem) => formatProblem(problem)).join('\n'));
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const rehearsals: Record<string, Rehearsal> = {};
  for (const [name, target] of Object.entries(config.targets)) {
    if (target.rotates === false) {
      console.log(`${name}: is not rotated, because another service names its key\n`);
      continue;
    }
    // Without a fleet, nothing would bring the secret to the servers. So the rehearsal assumes one.
    const hasFleet = target.fleet !== undefined || target.keys === 'jwks';
    const fleet = target.fleet ?? ({ by: 'files', files: ['-'] } as const);
    const options = { start, nodes, reloadSeconds, faults: values.faults };
    const rehearsal = await rehearse(name, { ...target, fleet }, config, options);
    rehearsals[name] = rehearsal;
    console.log(tableOf(name, rehearsal, timeZone));
    console.log(
      hasFleet ? '' : '  No fleet is configured. This is the rotation as it would be with a fleet.\n',
    );
  }
  if (values.svg !== undefined) await writeFile(values.svg, timelineOf(rehearsals, timeZone));
  return Object.values(rehearsals).some(({ refused, ended }) => refused > 0 || !ended) ? 1 : 0;
}

await runCommand(main);
