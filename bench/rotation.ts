/**
 * `node bench/rotation.ts`: what `plan` and one `advance` cost for 10 to 10,000 nodes. Read the last column: a cost that
 * grows linearly keeps it about level. Then what looks and a push cost over simulated Run Command, on a virtual clock.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TIMING } from '../lib/config/config.ts';
import { rotate } from '../lib/rotation/rotate.ts';
import type { RotationState } from '../lib/rotation/state.ts';
import { plan } from '../lib/rotation/plan.ts';
import { policyOf } from '../lib/rotation/policy.ts';
import type { RotationSecrets } from '../lib/rotation/ports.ts';
import { fileServers } from '../lib/fleet/files.ts';
import { ownFiles } from '../lib/fleet/replace-file.ts';
import { configFile } from '../lib/fleet/secret-file.ts';
import { largeFleet } from '../test/support/large-fleet.ts';

const NODES = [10, 100, 1_000, 10_000];
/** Files that one machine may hold. */
const MOST_FILES = 100;
const now = 1_800_000_000;
const policy = policyOf(
  { keys: 'single', longestToken: 3540, fleet: { by: 'files', files: [] } },
  DEFAULT_TIMING,
);
const current = { id: '0'.repeat(32), text: 'current-secret-current-secret-current-s' };
const pending = { id: '1'.repeat(32), text: 'pending-secret-pending-secret-pending-s' };

/** Pushing, and half of the nodes are still behind. */
function stateWith(nodes: number): RotationState {
  return {
    labels: { current: current.id, pending: pending.id, servers: pending.id },
    versions: { [current.id]: { createdAt: 0 }, [pending.id]: { createdAt: 0 } },
    marks: {
      longest: { version: '3540', at: 0 },
      announced: { version: pending.id, at: 0 },
      servers: { version: pending.id, at: 0 },
    },
    look: {
      at: now,
      dueAt: now,
      fresh: true,
      wanted: { required: [pending.id], allowed: undefined },
      complete: true,
      fruitless: 0,
      behind: 0,
      nodes: Array.from({ length: nodes }, (_, index) => ({
        node: `node-${index}`,
        holds: [index % 2 === 0 ? current.id : pending.id],
      })),
    },
  };
}

/** Secrets Manager with two versions, in memory: what is measured is the work per node. */
const secrets: RotationSecrets = {
  describe: async () => ({
    arn: 'arn',
    stages: { [current.id]: ['AWSCURRENT'], [pending.id]: ['AWSPENDING', 'STREAMPASS_SERVERS'] },
    tags: {
      'streampass:longest': '3540 2020-01-01T00:00:00Z',
      'streampass:announced': `${pending.id} 2020-01-01T00:00:00Z`,
      'streampass:servers': `${pending.id} 2020-01-01T00:00:00Z`,
    },
  }),
  value: async (_arn, id) => ({
    value: { SecretString: id === current.id ? current.text : pending.text },
    createdAt: 0,
  }),
  versions: async () => ({ [current.id]: [], [pending.id]: [] }),
  put: async () => 'exists',
  moveLabel: async () => 'lost',
  tag: async () => undefined,
  untag: async () => undefined,
};

async function advanceWith(count: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-bench-'));
  try {
    const files = Array.from({ length: count }, (_, index) => join(folder, `${index}.properties`));
    for (const [index, file] of files.entries()) {
      const { text } = index % 2 === 0 ? current : pending;
      await writeFile(file, `auth.active=true\njwt.secret=${text}\njwt.ttl.minutes=60\n`);
    }
    const servers = {
      ...fileServers({
        paths: files,
        format: configFile('red5'),
        files: ownFiles,
        runReload: async () => ({ ok: true }),
        settingsProblems: () => [],
        now: () => now,
      }),
      probe: async () => ({ accepted: true }) as const,
    };
    const target = {
      secret: 's',
      signing: 'HS256',
      policy,
      secrets,
      servers,
      memory: {},
      maker: { make: () => '' },
    } as const;
    const start = performance.now();
    await rotate({ action: 'advance', serversFollow: false }, { red5: target }, now, () => undefined);
    return performance.now() - start;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function planWith(nodes: number): number {
  const state = stateWith(nodes);
  const rounds = Math.max(5, 200_000 / nodes);
  for (let round = 0; round < rounds; round++) plan(state, policy, now);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) plan(state, policy, now);
  return (performance.now() - start) / rounds;
}

await advanceWith(10);
console.log('nodes    plan µs  µs a node  |  advance ms (half the nodes changed, with fsync)  ms a node');
for (const nodes of NODES) {
  const planned = planWith(nodes) * 1000;
  const advanced = nodes <= MOST_FILES ? await advanceWith(nodes) : undefined;
  const files =
    advanced === undefined
      ? ''
      : `${advanced.toFixed(0).padStart(10)} ${(advanced / nodes).toFixed(3).padStart(46)}`;
  console.log(
    `${String(nodes).padEnd(6)} ${planned.toFixed(1).padStart(9)} ${(planned / nodes).toFixed(3).padStart(10)}  | ${files}`,
  );
}

/** With 1 % of silent agents: the first secret for all, a look, an hour of quiet, and an emergency. */
async function overRunCommand(size: number): Promise<string> {
  const fleet = largeFleet(size, 100);
  const { counts } = fleet.commands;
  await fleet.create();
  await fleet.run();
  let runs = 0;
  do {
    await fleet.run();
    runs++;
  } while (fleet.target.memory.look?.complete !== true);
  const callsOfLook = counts.calls;
  for (let minute = 0; minute < 60; minute++) await fleet.run();
  const [calls, commands] = [counts.calls, counts.commands];
  for (let minute = 0; minute < 60; minute++) await fleet.run();
  const hourly = `${counts.calls - calls} calls, ${counts.commands - commands} commands`;
  const leaked = fleet.nodes[0]?.secret;
  await fleet.run('emergency');
  const left = fleet.nodes.filter(({ secret, isReachable }) => isReachable && secret === leaked).length;
  return `${String(size).padEnd(6)} ${String(runs).padStart(5)} ${String(callsOfLook).padStart(9)}   ${hourly.padEnd(26)} ${left}`;
}

console.log('\nRun Command, 1 % of the agents silent, virtual seconds');
console.log('nodes   runs  of calls   an hour of quiet           reachable nodes left out by an emergency');
for (const nodes of NODES) console.log(await overRunCommand(nodes));
