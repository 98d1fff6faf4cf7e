import type { SigningKey } from '../jws/sign.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { ringVersions } from './labels.ts';
import { createSnapshot, RETRY_AFTER } from './snapshot.ts';
import type { Dated, SnapshotOptions } from './snapshot.ts';
import { createVersionKeys } from './version-keys.ts';
import type { VersionKeysOptions } from './version-keys.ts';

/** The keys that sign a target's tokens: one snapshot, whole, of the time when its labels were asked for. */
export interface SigningRing extends Dated {
  readonly current: SigningKey;
  /** The other live secret, while a rotation needs it. */
  readonly fallback?: SigningKey;
}

/** One target's ring, kept in memory. */
export interface KeyRing {
  /**
   * The ring to sign with, at most `maxAge` old.
   *
   * @throws {OAuthError} `secret_unavailable` or `secret_invalid`
   */
  get(): Promise<SigningRing>;
}

/** What a key ring is made of; times in seconds. */
export interface KeyRingOptions
  extends VersionKeysOptions, Omit<SnapshotOptions<SigningRing>, 'read' | 'onProblem'> {
  /** Whether a second live secret is read too. */
  readonly withFallback: boolean;
}

/**
 * Keeps one target's ring. Only a complete ring is used. If a part of a newer one cannot be read, the older one is used while
 * it is young enough.
 */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { secret, reader, withFallback } = options;
  const keys = createVersionKeys(options);

  async function read(readAt: number): Promise<SigningRing> {
    const versions = ringVersions(await reader.stages(secret));
    if (versions.current === undefined) throw new OAuthError('secret_unavailable', RETRY_AFTER);
    const { pending, previous } = withFallback ? versions : {};
    const [current, announced] = await Promise.all([
      keys.of(versions.current),
      pending === undefined ? undefined : keys.of(pending),
    ]);
    if (current === undefined) throw new OAuthError('secret_invalid', RETRY_AFTER);
    const fallback = announced ?? (previous === undefined ? undefined : await keys.of(previous));
    keys.keepOnly([versions.current, versions.pending, versions.previous]);
    return { current, ...(fallback && { fallback }), readAt };
  }

  return { get: createSnapshot({ ...options, read }) };
}
