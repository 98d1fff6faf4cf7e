import { secretsWriter } from '../../lib/aws/secrets-writer.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import { instanceServers } from '../../lib/fleet/ssm.ts';
import type { RotateCommand } from '../../lib/rotation/event.ts';
import { rotate, type Rotated } from '../../lib/rotation/rotate.ts';
import { policyOf } from '../../lib/rotation/policy.ts';
import type { TargetReport } from '../../lib/rotation/report.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { inMemorySecretsManager } from '../../local/secrets-manager/in-memory.ts';
import { simulatedRunCommand, type SimulatedNode } from './simulated-run-command.ts';

/** A node of the fleet: what its server holds, and what is wrong with it. */
export interface FleetNode {
  readonly id: string;
  secret: string;
  isReachable: boolean;
  /** Its reload fails. */
  isBroken: boolean;
  reloads: number;
  /** The last reload that failed, as its agent reports it. */
  failed: { readonly fingerprint: string; readonly at: number; readonly times: number } | undefined;
}

const SECRET = 'streampass/test/red5';

/**
 * A rotation of a fleet of any size over simulated Run Command, on a virtual clock that API calls and waiting move on.
 *
 * @param size how many nodes; every `silentEvery`th of them does not answer
 */
export function largeFleet(size: number, silentEvery = Infinity) {
  const clock = {
    at: 1_800_000_000,
    now: () => clock.at,
    pass: (seconds: number) => void (clock.at += seconds),
  };
  const client = inMemorySecretsManager(clock.now);
  const secrets = secretsWriter(client);
  const nodes: FleetNode[] = Array.from({ length: size }, (_, index) => ({
    id: `i-${index}`,
    secret: '',
    isReachable: (index + 1) % silentEvery !== 0,
    isBroken: false,
    reloads: 0,
    failed: undefined,
  }));
  const valueOf = new Map<string, string>();
  const asSimulated = (node: FleetNode, index: number): SimulatedNode => ({
    id: node.id,
    isReachable: node.isReachable,
    // Agents poll, machines differ.
    seconds: 1 + (index % 7),
    run({ Mode, VersionId }, at) {
      if (Mode?.[0] === 'apply') {
        const wanted = valueOf.get(VersionId?.[0] ?? '') ?? '';
        if (node.secret !== wanted) {
          node.reloads++;
          const times = (node.failed?.times ?? 0) + 1;
          node.failed = node.isBroken ? { fingerprint: fingerprintOf(wanted), at, times } : undefined;
          if (node.isBroken) return { ok: false, output: reportOf(node) };
          node.secret = wanted;
        }
      }
      return { ok: true, output: reportOf(node) };
    },
  });
  const commands = simulatedRunCommand(() => nodes.map(asSimulated), clock);
  const servers = instanceServers({
    target: 'red5',
    tag: { key: 'streampass', value: 'red5' },
    document: 'streampass-secret',
    commands,
    settingsProblems: () => [],
    now: clock.now,
    pause: async (seconds) => clock.pass(seconds),
  });
  let made = 0;
  const target: Rotated = {
    secret: SECRET,
    signing: 'HS256',
    policy: policyOf(
      { keys: 'single', longestToken: 3540, fleet: { by: 'files', files: ['x'] } },
      DEFAULT_TIMING,
    ),
    memory: {},
    secrets: {
      ...secrets,
      async put(arn, version, text, labels) {
        valueOf.set(version, text);
        return secrets.put(arn, version, text, labels);
      },
    },
    servers: { ...servers, probe: async () => ({ accepted: true }) },
    maker: { make: () => `made-${String(++made).padStart(40, '0')}` },
  };
  return {
    nodes,
    commands,
    clock,
    target,
    /** Makes the secret, without a value. */
    async create(): Promise<void> {
      const { CreateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
      await client.send(new CreateSecretCommand({ Name: SECRET, ClientRequestToken: 'x'.repeat(32) }));
    },
    /** One invocation at the next full minute, as the schedule makes it. */
    async run(action: RotateCommand['action'] = 'advance'): Promise<TargetReport> {
      clock.at = (Math.floor(clock.at / 60) + 1) * 60;
      const { targets } = await rotate(
        { action, serversFollow: false },
        { red5: target },
        clock.at,
        () => undefined,
      );
      return targets['red5'] as TargetReport;
    },
  };
}

function reportOf({ secret, failed }: FleetNode): string {
  const problems = failed === undefined ? [] : ['the reload command failed'];
  const known = secret !== '' && failed === undefined;
  return JSON.stringify({
    version: 1,
    problems,
    ...(known && { fingerprint: fingerprintOf(secret) }),
    ...(failed && { failed }),
  });
}
