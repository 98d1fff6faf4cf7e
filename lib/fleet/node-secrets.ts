import type { ServerSecret } from '../rotation/ports.ts';
import { SERVERS_LABEL } from '../signing-keys/labels.ts';

/** A version of a node's secret, or why a server cannot have it. */
export type FetchedVersion =
  | { readonly ok: true; readonly version: ServerSecret }
  | { readonly ok: false; readonly problem: string; readonly isAbsent?: true };

/** Secrets Manager as a node needs it. Never rejects. A version without a label is refused. */
export interface NodeSecrets {
  get(which: { readonly label: string } | { readonly versionId: string }): Promise<FetchedVersion>;
}

/** The versions that a server should hold, or why they are unknown. */
export type FetchedVersions =
  | { readonly ok: true; readonly versions: readonly ServerSecret[] }
  | { readonly ok: false; readonly problem: string };

/** The versions that a server should hold: the one labelled for servers, or the whole ring. */
export async function wantedVersions(secrets: NodeSecrets, isRing: boolean): Promise<FetchedVersions> {
  return isRing ? liveRing(secrets) : only(await secrets.get({ label: SERVERS_LABEL }));
}

/** The version that a command names; for a ring, all live versions, and the named one must be among them. */
export async function namedVersions(
  secrets: NodeSecrets,
  isRing: boolean,
  versionId: string,
): Promise<FetchedVersions> {
  if (!isRing) return only(await secrets.get({ versionId }));
  const ring = await liveRing(secrets);
  if (!ring.ok || ring.versions.some((version) => version.versionId === versionId)) return ring;
  return { ok: false, problem: `version ${versionId} is not a live one: nothing was changed` };
}

/**
 * A version without a value, or whose value is not a secret, is left out. A version that could not be read may be in use, so
 * it is a problem.
 */
async function liveRing(secrets: NodeSecrets): Promise<FetchedVersions> {
  const versions: ServerSecret[] = [];
  for (const label of ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']) {
    const fetched = await secrets.get({ label });
    if (fetched.ok) {
      if (!versions.some(({ versionId }) => versionId === fetched.version.versionId))
        versions.push(fetched.version);
    } else if (label === 'AWSCURRENT' || (!fetched.isAbsent && !fetched.problem.startsWith('version '))) {
      return fetched;
    }
  }
  return { ok: true, versions };
}

function only(fetched: FetchedVersion): FetchedVersions {
  return fetched.ok ? { ok: true, versions: [fetched.version] } : fetched;
}
