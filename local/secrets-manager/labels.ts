// The rules of staging labels: a label is on at most one version of a secret, and AWSCURRENT is never lost.

import { invalidParameter, ServiceError, valueNotFound } from './service-error.ts';
import type { Version } from './store.ts';

type Versions = readonly Version[];

const MAX_LABELS_PER_SECRET = 20;

/** The version that holds the label. */
export function holderOf(versions: Versions, label: string): Version | undefined {
  return versions.find(({ labels }) => labels.includes(label));
}

/** The versions with the label on none of them. */
function dropLabel(versions: Versions, label: string): Versions {
  return versions.map((version) => relabelled(version, (held) => held.filter((other) => other !== label)));
}

/** The versions with the label on version `id`, taken from whichever held it. */
export function giveLabel(versions: Versions, label: string, id: string): Versions {
  return dropLabel(versions, label).map((version) =>
    version.id === id ? relabelled(version, (held) => [...held, label].toSorted()) : version,
  );
}

function relabelled(version: Version, change: (labels: readonly string[]) => readonly string[]): Version {
  return { ...version, labels: change(version.labels) };
}

/** AWSCURRENT goes to `id`, the version that held it becomes AWSPREVIOUS; other labels stay where they are. */
function makeCurrent(versions: Versions, id: string): Versions {
  const before = holderOf(versions, 'AWSCURRENT');
  if (before?.id === id) return versions;
  const moved = giveLabel(versions, 'AWSCURRENT', id);
  return before ? giveLabel(moved, 'AWSPREVIOUS', before.id) : moved;
}

/**
 * Labels a version that was just given its value. The wanted labels are taken from other versions without
 * asking; a secret without AWSCURRENT gets it here whatever was wanted. A write of AWSCURRENT abandons a
 * rotation under way: AWSPENDING goes, unless this write names it.
 *
 * @throws {ServiceError} LimitExceededException: more than 20 labels on the secret
 * @see AWS Secrets Manager API, PutSecretValue (VersionStages); user guide, CloudTrail event RotationAbandoned
 */
export function labelNewValue(versions: Versions, id: string, wanted: readonly string[]): Versions {
  const becomesCurrent = wanted.includes('AWSCURRENT') || !holderOf(versions, 'AWSCURRENT');
  let labelled = versions;
  if (becomesCurrent && !wanted.includes('AWSPENDING')) labelled = dropLabel(labelled, 'AWSPENDING');
  for (const label of wanted) {
    if (label !== 'AWSCURRENT') labelled = giveLabel(labelled, label, id);
  }
  if (becomesCurrent) labelled = makeCurrent(labelled, id);
  return assertLabelCount(labelled);
}

/** A request of UpdateSecretVersionStage; at least one of the two versions is named. */
interface LabelMove {
  readonly label: string;
  readonly moveTo?: string | undefined;
  readonly removeFrom?: string | undefined;
}

/**
 * Moves, attaches or removes one label: a compare-and-swap, since `removeFrom` has to name its present holder.
 * To attach a label where it already is changes nothing. Nothing is changed where it throws.
 *
 * @throws {ServiceError} InvalidParameterException: `removeFrom` is missing or not the holder, or AWSCURRENT
 *   would be on no version · ResourceNotFoundException: no version `moveTo` · LimitExceededException
 * @see AWS Secrets Manager API, UpdateSecretVersionStage
 */
export function moveLabel(versions: Versions, { label, moveTo, removeFrom }: LabelMove): Versions {
  const holder = holderOf(versions, label);
  if (moveTo !== undefined && !versions.some(({ id }) => id === moveTo)) {
    throw valueNotFound(`VersionId: ${moveTo}`);
  }
  if (moveTo === undefined && removeFrom === undefined) {
    throw invalidParameter('You must provide MoveToVersionId, RemoveFromVersionId, or both.');
  }
  if (moveTo === undefined && label === 'AWSCURRENT') {
    throw invalidParameter(
      'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
    );
  }
  if (removeFrom !== undefined && holder?.id !== removeFrom) {
    throw invalidParameter(`Staging label ${label} isn't currently attached to version ${removeFrom}.`);
  }
  if (removeFrom === undefined && holder && holder.id !== moveTo) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ` +
        `${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (moveTo === undefined) return dropLabel(versions, label);
  if (holder?.id === moveTo) return versions;
  const moved = label === 'AWSCURRENT' ? makeCurrent(versions, moveTo) : giveLabel(versions, label, moveTo);
  return assertLabelCount(moved);
}

function assertLabelCount(versions: Versions): Versions {
  if (versions.flatMap(({ labels }) => labels).length > MAX_LABELS_PER_SECRET) {
    throw new ServiceError(
      'LimitExceededException',
      `A secret can have at most ${MAX_LABELS_PER_SECRET} staging labels.`,
    );
  }
  return versions;
}
