import type { SigningKey } from '../jws/sign.ts';
import { ringVersions } from './labels.ts';
import { createSnapshot } from './snapshot.ts';
import type { Dated, SnapshotOptions } from './snapshot.ts';
import { createVersionKeys } from './version-keys.ts';
import type { VersionKeysOptions } from './version-keys.ts';

/** Every key that a live token can be signed with, of the time when the labels were asked for. */
export interface LiveKeySet extends Dated {
  /** Current, pending and previous, if they exist and are usable; none if the secret has no value yet. */
  readonly keys: readonly SigningKey[];
}

/** What live keys are made of; times in seconds. */
export type LiveKeysOptions = VersionKeysOptions &
  Omit<SnapshotOptions<LiveKeySet>, 'read'> & {
    /** Whether the version before the current one counts; default true. */
    readonly withPrevious?: boolean;
  };

/**
 * Verifiers read keys again before they accept a token with keys older than this, in seconds. A leaked secret may work there
 * this long after an emergency.
 */
export const VERIFIER_FRESH_WITHIN = 60;

/** One secret's live keys, kept in memory. */
export interface LiveKeys {
  /**
   * The set, at most `maxAge` old.
   *
   * @param freshWithin seconds: an older one is read anew first; it serves if Secrets Manager does not answer
   * @throws {OAuthError} `secret_unavailable`
   */
  get(freshWithin?: number): Promise<LiveKeySet>;
}

/**
 * The keys for those who verify: unlike an issuer, they need each labelled version and can do without one that is not usable.
 * A set is whole or not used: a version that cannot be read now may be the one that a token was signed with.
 */
export function createLiveKeys(options: LiveKeysOptions): LiveKeys {
  const keys = createVersionKeys(options);

  async function read(readAt: number): Promise<LiveKeySet> {
    const { current, pending, previous } = ringVersions(await options.reader.stages(options.secret));
    const replaced = options.withPrevious === false ? undefined : previous;
    const live = [...new Set([current, pending, replaced])].filter((versionId) => versionId !== undefined);
    const made = await Promise.all(live.map((versionId) => keys.of(versionId)));
    keys.keepOnly(live);
    return { keys: made.filter((key) => key !== undefined), readAt };
  }

  return { get: createSnapshot({ ...options, read }) };
}
