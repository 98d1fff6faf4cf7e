import { SERVERS_LABEL, versionLabelled, type VersionStages } from '../signing-keys/labels.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import { readMarks } from './marks.ts';
import type { Observed, ObservedVersion } from './observed.ts';
import type { FleetState, RotationSecrets, SecretDescription, ServerSecret, Servers } from './ports.ts';
import { judgeSecret } from '../signing-keys/secret.ts';

/** What one invocation knows of a target; the secrets stay beside what is planned, logged and reported. */
export interface Observation {
  readonly arn: string;
  readonly observed: Observed;
  /** The usable versions. */
  readonly secrets: ReadonlyMap<string, ServerSecret>;
}

/**
 * One look at a target: its labels, its labelled versions and its servers. Decides nothing.
 *
 * @throws whatever the secret's reader throws; a version that exists without a value is no error
 */
export async function observe(
  target: { readonly secret: string; readonly signing: SigningAlgorithm },
  from: { readonly secrets: RotationSecrets; readonly servers?: Servers | undefined },
): Promise<Observation> {
  return look(target.secret, target.signing, from.secrets, (arn, versions) =>
    observeServers(arn, versions, from.servers),
  );
}

/** Servers that cannot be listed hold a rotation up where it is; the labels are looked after all the same. */
async function observeServers(
  arn: string,
  versions: readonly ServerSecret[],
  servers: Servers | undefined,
): Promise<FleetState | undefined> {
  try {
    return await servers?.observe(arn, versions);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown error';
    return { nodes: [], problem: `The servers cannot be listed (${name}).` };
  }
}

/** Another look at the labels alone, after a step: values and servers are as they were, but for what the step made. */
export async function observeLabels(
  before: Observation,
  target: { readonly signing: SigningAlgorithm },
  from: { readonly secrets: RotationSecrets },
): Promise<Observation> {
  const { nodes, fleetProblem: problem } = before.observed;
  const asBefore: FleetState = { nodes, ...(problem !== undefined && { problem }) };
  return look(before.arn, target.signing, from.secrets, async () => asBefore);
}

async function look(
  secretId: string,
  signing: SigningAlgorithm,
  from: RotationSecrets,
  fleetOf: (arn: string, versions: readonly ServerSecret[]) => Promise<FleetState | undefined>,
): Promise<Observation> {
  const described = await from.describe(secretId);
  const { versions, secrets } = await readVersions(described, signing, from);
  const fleet = await fleetOf(described.arn, [...secrets.values()]);
  return {
    arn: described.arn,
    secrets,
    observed: {
      ...observedLabels(described),
      versions,
      nodes: fleet?.nodes ?? [],
      ...(fleet?.problem !== undefined && { fleetProblem: fleet.problem }),
    },
  };
}

function observedLabels({ stages, tags }: SecretDescription): Pick<Observed, 'labels' | 'marks'> {
  const labels = {
    current: versionLabelled(stages, 'AWSCURRENT'),
    pending: versionLabelled(stages, 'AWSPENDING'),
    previous: versionLabelled(stages, 'AWSPREVIOUS'),
    servers: versionLabelled(stages, SERVERS_LABEL),
  };
  const present = Object.entries(labels).filter(([, version]) => version !== undefined);
  return { labels: Object.fromEntries(present), marks: readMarks(tags) };
}

async function readVersions(
  { arn, stages }: { readonly arn: string; readonly stages: VersionStages },
  signing: SigningAlgorithm,
  from: RotationSecrets,
): Promise<{ versions: Record<string, ObservedVersion>; secrets: Map<string, ServerSecret> }> {
  const versions: Record<string, ObservedVersion> = {};
  const secrets = new Map<string, ServerSecret>();
  for (const versionId of Object.keys(stages)) {
    const read = await from.value(arn, versionId);
    const judged = judgeSecret(read?.value ?? {}, signing);
    versions[versionId] = {
      createdAt: read?.createdAt ?? 0,
      ...(!judged.usable && { problem: judged.problem }),
    };
    if (judged.usable) secrets.set(versionId, { versionId, text: judged.text });
  }
  return { versions, secrets };
}
