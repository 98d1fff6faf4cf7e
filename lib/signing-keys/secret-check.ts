import { OAuthError } from '../oauth/oauth-error.ts';
import type { SecretReader } from '../ports.ts';
import { ringVersions } from './labels.ts';
import { createSnapshot, RETRY_AFTER } from './snapshot.ts';
import type { ReadSnapshot, Dated, SnapshotOptions } from './snapshot.ts';

/** Which secret, and how long what was seen is good; times in seconds. */
export interface SecretCheckOptions extends Omit<SnapshotOptions<Dated>, 'read'> {
  /** Name or ARN. */
  readonly secret: string;
  readonly reader: Pick<SecretReader, 'stages'>;
}

/**
 * Checks by its labels alone whether a secret has a version to sign with, for functions that may not read values. It does not
 * check the value.
 *
 * @returns a function that throws `OAuthError` `secret_unavailable` if it has none
 */
export function createSecretCheck(options: SecretCheckOptions): ReadSnapshot<Dated> {
  const { secret, reader } = options;
  return createSnapshot({
    ...options,
    async read(readAt) {
      const { current } = ringVersions(await reader.stages(secret));
      if (current === undefined) throw new OAuthError('secret_unavailable', RETRY_AFTER);
      return { readAt };
    },
  });
}
