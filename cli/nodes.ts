/**
 * `npm run nodes -- list [TARGET] --stage STAGE` shows the servers that report (fleet `reported`); `npm run nodes -- forget
 * TARGET NODE --stage STAGE` removes one that is gone and did not report so. With your own AWS credentials.
 */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { loadConfigFile } from '../build/load-config-file.ts';
import { dynamoNodeTable } from '../lib/aws/node-table.ts';
import { nameOf, presentRows, type PresentRow } from '../lib/fleet/reported-nodes.ts';
import { GONE_AFTER, type NodeTable } from '../lib/fleet/reported.ts';
import { systemNow } from '../lib/node/system.ts';
import { readOptions, runCommand, WrongCall } from './command-line.ts';

const USAGE = `usage: npm run nodes -- list [TARGET] --stage STAGE [--region REGION] [--json]
       npm run nodes -- forget TARGET NODE --stage STAGE [--region REGION]
  --stage STAGE    a deployed stage, with your AWS credentials; servers of the local stack do not report
  --region REGION  the stage's AWS region; default: your AWS settings' region
  --json           prints JSON`;

/** The targets whose servers report, and how long a silent one counts. */
async function reportingTargets(stage: string): Promise<ReadonlyMap<string, number>> {
  const { config, problems } = await loadConfigFile('streampass.config.ts', { stage, env: process.env });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return new Map(
    Object.entries(config.targets).flatMap(([name, { fleet }]) =>
      fleet?.by === 'reported' ? [[name, fleet.goneAfter ?? GONE_AFTER] as const] : [],
    ),
  );
}

async function rowsOf(table: NodeTable, target: string, goneAfter: number): Promise<readonly PresentRow[]> {
  return presentRows(await table.list(target), systemNow(), goneAfter);
}

async function main(): Promise<void> {
  const { values, positionals } = options();
  const { stage, region, json = false, help = false } = values;
  if (help) return console.log(USAGE);
  if (stage === undefined) throw new WrongCall(USAGE);
  const [verb, target, node] = positionals;
  const targets = await reportingTargets(stage);
  if (targets.size === 0) throw new Error(`no target of the stage ${stage} has the fleet { by: 'reported' }`);
  if (target !== undefined && !targets.has(target))
    throw new Error(
      `${target} has no servers that report; those that have: ${[...targets.keys()].join(', ')}`,
    );
  const client = new DynamoDBClient({ ...(region !== undefined && { region }) });
  const table = dynamoNodeTable(`streampass-${stage}-nodes`, client);

  if (verb === 'list' && positionals.length <= 2) {
    const wanted = [...targets].filter(([name]) => target === undefined || name === target);
    const listed = await Promise.all(
      wanted.map(async ([name, goneAfter]) => [name, await rowsOf(table, name, goneAfter)] as const),
    );
    if (json) return console.log(JSON.stringify(Object.fromEntries(listed), null, 2));
    for (const [name, rows] of listed) for (const row of rows) console.log(describe(name, row));
    return;
  }
  if (verb === 'forget' && target !== undefined && node !== undefined && positionals.length === 3) {
    const rows = await rowsOf(table, target, targets.get(target) ?? GONE_AFTER);
    const found = rows.filter((row) => nameOf(row) === node);
    if (found.length === 0) {
      const names = rows.map((row) => nameOf(row)).join(', ');
      throw new Error(`${target} has no node ${node}; it has ${names || 'none'}`);
    }
    for (const { id } of found) await table.remove(target, id);
    return console.log(
      `${node} is removed from the list. If its server still runs, start its agent again: it then reports.`,
    );
  }
  throw new WrongCall(USAGE);
}

/** One node in one line. */
function describe(target: string, row: PresentRow): string {
  if ('unreadable' in row) return `${target}  ${nameOf(row)}  its report cannot be read`;
  const { report, seenAt } = row;
  const age = `${Math.max(0, Math.round(systemNow() - seenAt))} s ago`;
  const held = report.fingerprint ?? Object.values(report.ring ?? {}).join(' ');
  return [target, nameOf(row), age, `holds ${held || 'no known secret'}`, ...report.problems].join('  ');
}

function options() {
  return readOptions({
    allowPositionals: true,
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

await runCommand(main);
