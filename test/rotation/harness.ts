import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import type { Fault } from '../../local/secrets-manager/faults.ts';
import { secretsWriter } from '../../lib/aws/secrets-writer.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import type { RotateCommand } from '../../lib/rotation/event.ts';
import { rotate, type Outcome, type Rotated } from '../../lib/rotation/rotate.ts';
import type { RotationOptions } from '../../lib/rotation/options.ts';
import { policyOf } from '../../lib/rotation/policy.ts';
import type { NodeState } from '../../lib/rotation/state.ts';
import type { ServerSecret, Servers } from '../../lib/rotation/ports.ts';
import type { TargetReport } from '../../lib/rotation/report.ts';
import type { SigningAlgorithm } from '../../lib/jws/signing-algorithm.ts';

export const SECRET = 'streampass/red5';

/** A rotation of one target through the real SDK, on a clock of its own. */
export interface Harness {
  readonly endpoint: SecretsManagerEndpoint;
  readonly target: Rotated;
  readonly fleet: MemoryFleet;
  /** Epoch seconds. */
  now: number;
  /** What goes wrong with each call, in turn. */
  faults: (operation: string) => Fault | undefined;
  readonly run: (action: RotateCommand['action'], serversFollow?: boolean) => Promise<TargetReport>;
  readonly outcomes: Outcome[];
  /** Advances until the phase, letting the time of each wait pass. */
  readonly until: (phase: TargetReport['phase']) => Promise<TargetReport>;
  readonly labels: () => Record<string, string>;
  readonly close: () => Promise<void>;
}

/** Servers in memory that hold what they are given. */
export interface MemoryFleet extends Servers {
  readonly held: Map<string, string>;
  readonly unreachable: Set<string>;
  readonly probed: string[];
  refusal: string | undefined;
}

export async function startHarness(
  options: {
    readonly nodes?: number;
    readonly signing?: SigningAlgorithm;
    readonly probes?: boolean;
    readonly hasFleet?: boolean;
    readonly keys?: 'single' | 'keyring';
    /** Seconds. */
    readonly longestToken?: number;
    readonly rotation?: RotationOptions;
  } = {},
): Promise<Harness> {
  const { nodes = 2, signing = 'HS256', probes = false, hasFleet = true, rotation } = options;
  const { keys = 'single', longestToken = 3540 } = options;
  const endpoint = await createSecretsManagerEndpoint({
    port: 0,
    now: () => harness.now * 1000,
    faults: (operation) => harness.faults(operation),
  });
  const client = new SecretsManagerClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const fleet = memoryFleet(nodes);
  const policy = policyOf(
    {
      keys,
      longestToken,
      ...(hasFleet && { fleet: { by: 'files', files: [], probe: probes ? ['loopback'] : [] } }),
    },
    DEFAULT_TIMING,
    rotation,
  );
  let made = 0;
  const target: Rotated = {
    secret: SECRET,
    signing,
    policy,
    secrets: secretsWriter(client),
    ...(hasFleet && { servers: fleet }),
    memory: {},
    maker: { make: () => `made-by-the-test-${String(++made).padStart(30, '0')}` },
  };
  const harness: Harness = {
    endpoint,
    target,
    fleet,
    now: 1_800_000_000,
    faults: () => undefined,
    outcomes: [],
    async run(action, serversFollow = false) {
      const { targets } = await rotate(
        { action, serversFollow },
        { red5: target },
        harness.now,
        (_, outcome) => harness.outcomes.push(outcome),
      );
      return targets['red5'] as TargetReport;
    },
    async until(phase) {
      for (let step = 0; step < 60; step++) {
        const report = await harness.run('advance');
        if (report.phase === phase) return report;
        const at = report.next.at === undefined ? 0 : Date.parse(report.next.at) / 1000;
        harness.now = Math.max(harness.now + 60, at);
      }
      throw new Error(`the phase ${phase} was not reached in 60 steps`);
    },
    labels() {
      const { output } = endpoint.execute('DescribeSecret', { SecretId: SECRET });
      const stages = (output?.['VersionIdsToStages'] ?? {}) as Record<string, string[]>;
      return Object.fromEntries(
        Object.entries(stages).flatMap(([id, labels]) => labels.map((label) => [label, id])),
      );
    },
    async close() {
      client.destroy();
      await endpoint.close();
    },
  };
  endpoint.execute('CreateSecret', { Name: SECRET, ClientRequestToken: 'x'.repeat(32) });
  return harness;
}

function memoryFleet(count: number): MemoryFleet {
  const held = new Map<string, string>(Array.from({ length: count }, (_, index) => [`node-${index}`, '']));
  const unreachable = new Set<string>();
  const probed: string[] = [];
  const stateOf = (node: string, versions: readonly ServerSecret[]): NodeState => {
    if (unreachable.has(node)) return { node, holds: [], problem: 'did not answer' };
    const holds = versions.filter(({ text }) => text === held.get(node)).map(({ versionId }) => versionId);
    return { node, holds };
  };
  const fleet: MemoryFleet = {
    held,
    unreachable,
    probed,
    refusal: undefined,
    observe: async (_arn, versions) => ({ nodes: [...held.keys()].map((node) => stateOf(node, versions)) }),
    async apply(_arn, versions, named) {
      const nodes = named === 'all' ? [...held.keys()] : named;
      for (const node of nodes) if (!unreachable.has(node)) held.set(node, versions[0]?.text ?? '');
      return nodes.map((node) => stateOf(node, versions));
    },
    async probe({ versionId }) {
      probed.push(versionId);
      return fleet.refusal === undefined ? { accepted: true } : { accepted: false, problem: fleet.refusal };
    },
  };
  return fleet;
}
