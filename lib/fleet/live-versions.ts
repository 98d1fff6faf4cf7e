import type { Now, SecretReader, Within } from '../ports.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { SERVERS_LABEL, versionLabelled } from '../signing-keys/labels.ts';
import { checkKeyInKms, checkSharedSecret } from '../signing-keys/secret.ts';
import { createSnapshot, type Dated, type ReadSnapshot } from '../signing-keys/snapshot.ts';

/** A secret's labelled versions, and which of them the servers should hold. */
export interface LiveVersions extends Dated {
  readonly versions: readonly ServerSecret[];
  readonly servers: string | undefined;
}

/**
 * How long the versions are cached, in seconds. Every node asks at each of its turns, and must learn of a new version within
 * a minute.
 */
const REFRESH_AFTER = 5;
const MAX_AGE = 600;

/**
 * The live versions, for functions that get messages from servers. Throws `OAuthError` `secret_unavailable` if they cannot be
 * read.
 */
export function createLiveVersions(options: {
  readonly secret: string;
  readonly reader: SecretReader;
  readonly now: Now;
  readonly within: Within;
}): ReadSnapshot<LiveVersions> {
  const { secret, reader } = options;
  const known = new Map<string, ServerSecret>();
  const read = async (readAt: number): Promise<LiveVersions> => {
    const stages = await reader.stages(secret);
    const ids = Object.keys(stages);
    for (const versionId of ids) {
      if (known.has(versionId)) continue;
      const { kms, ...value } = await reader.value(secret, versionId);
      const checked = kms ? checkKeyInKms(kms) : checkSharedSecret(value);
      if (checked.usable) known.set(versionId, { versionId, text: checked.text, ...(kms && { kms }) });
    }
    const versions = ids.flatMap((versionId) => known.get(versionId) ?? []);
    return { readAt, versions, servers: versionLabelled(stages, SERVERS_LABEL) };
  };
  return createSnapshot({ ...options, read, refreshAfter: REFRESH_AFTER, maxAge: MAX_AGE });
}
