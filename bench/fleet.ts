/**
 * `npm run bench:fleet`: a whole rotation of fleets of 10 to 10,000 nodes, over simulated Run Command (`ssm()`) and over a table
 * of reports (`reported()`), on a virtual clock. Each fleet has a process of its own, whose peak of memory holds the
 * simulated nodes, too.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { observedNodes, rowIdOf, type NodeRow } from '../lib/fleet/reported-nodes.ts';
import { loggedReport, type TargetReport } from '../lib/rotation/report.ts';
import { fingerprintOf } from '../lib/signing-keys/secret.ts';
import { largeFleet } from '../test/support/large-fleet.ts';

const KINDS = ['ssm', 'reported'] as const;
type Kind = (typeof KINDS)[number];
const SIZES = [10, 1000, 10_000];
const HOURS_A_MONTH = 720;
/** A message of a node, at the agent's default pace, in seconds. */
const TURN = 40;
/** Dollars a million in us-east-1, November 2026: DynamoDB on demand, and an HTTP API with the function behind it. */
const PRICES = { readUnit: 0.125, writeUnit: 0.625, request: 1.0 + 0.2 };
/** One strongly consistent read unit, and one page of a query, in bytes. */
const READ_UNIT = 4096;
const PAGE = 1024 * 1024;

/** The results of one fleet. */
interface Measured {
  /** Of Systems Manager, or queries of the table, in a whole rotation and in an hour of quiet. */
  readonly callsOfRotation: number;
  readonly callsOfQuiet: number;
  /** Virtual seconds of the longest run, and milliseconds of CPU of the costliest. */
  readonly longestRun: number;
  readonly costliestRun: number;
  readonly peakMiB: number;
  readonly reportBytes: number;
  readonly lineBytes: number;
  /** Dollars. */
  readonly month: number;
}

const [kind, size] = process.argv.slice(2);
if (kind === undefined) await compare();
else console.log(JSON.stringify(await measure(kind as Kind, Number(size))));

async function compare(): Promise<void> {
  console.log(
    '| fleet | nodes | calls of a rotation | calls of an hour of quiet | longest run, s of 120 | CPU of the costliest run, ms | peak memory, MiB of 512 | report, KiB | its log line, KiB | $ a month |',
  );
  console.log(`|${'---|'.repeat(10)}`);
  for (const each of KINDS) {
    for (const nodes of SIZES) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        import.meta.filename,
        each,
        String(nodes),
      ]);
      const of = JSON.parse(stdout) as Measured;
      const cells = [
        of.callsOfRotation,
        of.callsOfQuiet,
        of.longestRun.toFixed(0),
        of.costliestRun.toFixed(0),
        of.peakMiB.toFixed(0),
        (of.reportBytes / 1024).toFixed(1),
        (of.lineBytes / 1024).toFixed(1),
        of.month.toFixed(2),
      ];
      console.log(`| \`${each}()\` | ${[nodes.toLocaleString('en'), ...cells].join(' | ')} |`);
    }
  }
}

async function measure(by: Kind, count: number): Promise<Measured> {
  const fleet = largeFleet(count);
  const { counts } = fleet.commands;
  const table = by === 'reported' ? overTable(fleet) : undefined;
  const callsSoFar = (): number => (table === undefined ? counts.calls : table.counts.queries);
  let longestRun = 0;
  let costliestRun = 0;
  let reportBytes = 0;
  let lineBytes = 0;

  async function run(action?: 'start'): Promise<TargetReport> {
    await table?.report();
    const startsAt = (Math.floor(fleet.clock.at / 60) + 1) * 60;
    const before = process.cpuUsage();
    const report = await fleet.run(action);
    const { user, system } = process.cpuUsage(before);
    costliestRun = Math.max(costliestRun, (user + system) / 1000);
    longestRun = Math.max(longestRun, fleet.clock.at - startsAt);
    reportBytes = Math.max(reportBytes, JSON.stringify(report).length);
    lineBytes = Math.max(lineBytes, JSON.stringify(loggedReport(report)).length);
    return report;
  }
  async function runUntilSteady(): Promise<void> {
    for (let minute = 0; minute < 600; minute++) if ((await run()).phase === 'steady') return;
    throw new Error(`${by}, ${count} nodes: not steady after 600 runs`);
  }

  await fleet.create();
  await run();
  await runUntilSteady();
  const beforeQuiet = callsSoFar();
  const readUnits = table?.counts.readUnits ?? 0;
  for (let minute = 0; minute < 60; minute++) await run();
  const month = table?.dollarsOfMonth(table.counts.readUnits - readUnits) ?? 0;
  const beforeRotation = callsSoFar();
  await run('start');
  await runUntilSteady();
  return {
    callsOfRotation: callsSoFar() - beforeRotation,
    callsOfQuiet: beforeRotation - beforeQuiet,
    longestRun,
    costliestRun,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    reportBytes,
    lineBytes,
    month,
  };
}

/** Lets a fleet's nodes follow the label and report, as the agent does, in place of Run Command. */
function overTable(fleet: ReturnType<typeof largeFleet>) {
  const rows = new Map<string, string>();
  const { secrets, secret, servers } = fleet.target;
  const counts = { queries: 0, readUnits: 0 };
  const bytes = (): number => [...rows.values()].reduce((sum, row) => sum + row.length, 0);
  Object.assign(servers ?? {}, {
    observe: async (_arn: string, versions: Parameters<typeof observedNodes>[1]) => {
      counts.queries += Math.max(1, Math.ceil(bytes() / PAGE));
      counts.readUnits += Math.ceil(bytes() / READ_UNIT);
      const read: unknown[] = [...rows.values()].map((row) => JSON.parse(row));
      return observedNodes(read, versions, {
        goneAfter: 86_400,
        settingsProblems: () => [],
        now: fleet.clock.now(),
      });
    },
    apply: async () => [],
  });
  return {
    counts,
    /** Each node takes what the label is on, and says so. */
    async report(): Promise<void> {
      const { arn, stages } = await secrets.describe(secret);
      const wanted = Object.entries(stages).find(([, labels]) => labels.includes('STREAMPASS_SERVERS'))?.[0];
      const held = wanted === undefined ? undefined : await secrets.value(arn, wanted);
      const text = held?.value.SecretString ?? '';
      for (const [at, node] of fleet.nodes.entries()) {
        const instance = String(at).padStart(32, '0');
        const row: NodeRow = {
          id: rowIdOf({ node: node.id, instance }),
          node: `ip-10-0-${at >> 8}-${at & 255}.eu-central-1.compute.internal`,
          iat: Math.floor(fleet.clock.at),
          seenAt: fleet.clock.at,
          gone: false,
          report: { version: 1, problems: [], ...(text !== '' && { fingerprint: fingerprintOf(text) }) },
        };
        rows.set(row.id, JSON.stringify(row));
      }
    },
    /** What the messages of a month cost, and the queries, by those of a quiet hour; the rest of `rotate` costs the same for each fleet. */
    dollarsOfMonth(readUnitsOfQuiet: number): number {
      const messages = (rows.size * HOURS_A_MONTH * 3600) / TURN;
      const readUnits = HOURS_A_MONTH * readUnitsOfQuiet;
      return (messages * (PRICES.request + PRICES.writeUnit) + readUnits * PRICES.readUnit) / 1e6;
    },
  };
}
