/**
 * Staging labels are the whole state of a key ring: which version of a secret signs, and which one the fallback token is
 * signed with. Everything here is derived from one DescribeSecret answer.
 */

/** `VersionIdsToStages` of a DescribeSecret answer: version id to the labels on it; unlabelled versions are absent. */
export type VersionStages = Readonly<Record<string, readonly string[]>>;

/** The label of the version that the media servers are meant to hold; ours, moved by `rotate` alone. */
export const SERVERS_LABEL = 'STREAMPASS_SERVERS';

/** The labels of AWS that streampass reads and moves. */
export type AwsLabel = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** The id of the version that carries `label`, if any does: a label is on one version at most. */
export function versionLabelled(
  stages: VersionStages,
  label: AwsLabel | typeof SERVERS_LABEL,
): string | undefined {
  return Object.keys(stages).find((versionId) => stages[versionId]?.includes(label));
}

/** The versions of a ring by their part in it; all absent while the secret has no value yet. */
export interface RingVersions {
  /** Signs the first token. */
  readonly current?: string;
  /** `AWSPENDING`, where it is on another version than `current`. */
  readonly pending?: string;
  /** `AWSPREVIOUS`, where it is on another version than `current`. */
  readonly previous?: string;
}

/**
 * The part that each labelled version has in the ring. The fallback is `pending`, else `previous`; whether `pending`
 * counts depends on its value, which labels do not tell.
 */
export function ringVersions(stages: VersionStages): RingVersions {
  const current = versionLabelled(stages, 'AWSCURRENT');
  const pending = versionLabelled(stages, 'AWSPENDING');
  const previous = versionLabelled(stages, 'AWSPREVIOUS');
  return {
    ...(current !== undefined && { current }),
    ...(pending !== undefined && pending !== current && { pending }),
    ...(previous !== undefined && previous !== current && { previous }),
  };
}
