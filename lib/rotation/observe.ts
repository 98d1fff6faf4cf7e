import { SERVERS_LABEL, versionLabelled, type VersionStages } from '../signing-keys/labels.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import { checkSecret } from '../signing-keys/secret.ts';
import { readMarks } from './marks.ts';
import type { FleetState, RotationSecrets, SecretDescription, ServerSecret, Servers } from './ports.ts';
import type { RotationState, VersionState } from './state.ts';

/**
 * What one invocation knows of a target. The secrets are kept apart from the state, which is planned with, logged and
 * reported.
 */
export interface Snapshot {
  readonly arn: string;
  readonly state: RotationState;
  /** The usable versions. */
  readonly secrets: ReadonlyMap<string, ServerSecret>;
}

/**
 * The labels and labelled versions of a target's secret. Decides nothing, and asks no server.
 *
 * @throws whatever the secret's reader throws; a version that exists without a value is not an error
 */
export async function observe(
  target: { readonly secret: string; readonly signing: SigningAlgorithm },
  from: { readonly secrets: RotationSecrets },
): Promise<Snapshot> {
  const described = await from.secrets.describe(target.secret);
  const { versions, secrets } = await readVersions(described, target.signing, from.secrets);
  return { arn: described.arn, secrets, state: { ...labelsOf(described), versions } };
}

/** Every server of a target. If they cannot be listed, only the steps that need them wait; work on the labels continues. */
export async function observeServers(
  { arn, secrets, state }: Snapshot,
  servers: Servers | undefined,
): Promise<FleetState> {
  try {
    const since = state.marks.servers?.at ?? 0;
    return (await servers?.observe(arn, [...secrets.values()], { since })) ?? { nodes: [] };
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown error';
    return { nodes: [], problem: `The servers cannot be listed (${name}).` };
  }
}

function labelsOf({ stages, tags }: SecretDescription): Pick<RotationState, 'labels' | 'marks'> {
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
): Promise<{ versions: Record<string, VersionState>; secrets: Map<string, ServerSecret> }> {
  const versions: Record<string, VersionState> = {};
  const secrets = new Map<string, ServerSecret>();
  for (const versionId of Object.keys(stages)) {
    const read = await from.value(arn, versionId);
    const checked = await checkSecret(read?.value ?? {}, signing);
    versions[versionId] = {
      createdAt: read?.createdAt ?? 0,
      ...(!checked.usable && { problem: checked.problem }),
    };
    const kms = read?.value.kms;
    if (checked.usable) secrets.set(versionId, { versionId, text: checked.text, ...(kms && { kms }) });
  }
  return { versions, secrets };
}
