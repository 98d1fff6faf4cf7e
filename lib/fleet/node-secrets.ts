import type { ServerSecret } from '../rotation/ports.ts';
import { SERVERS_LABEL } from '../signing-keys/labels.ts';

/** A version of a node's secret, or why there is none for a server to hold. */
export type FetchedVersion =
  | { readonly ok: true; readonly version: ServerSecret }
  | { readonly ok: false; readonly problem: string; readonly isAbsent?: true };

/** Secrets Manager as a node needs it. Never rejects. A version that carries no label is refused. */
export interface NodeSecrets {
  get(which: { readonly label: string } | { readonly versionId: string }): Promise<FetchedVersion>;
}

/** The versions that a server is to hold, or why they cannot be known. */
export type FetchedVersions =
  | { readonly ok: true; readonly versions: readonly ServerSecret[] }
  | { readonly ok: false; readonly problem: string };

/** Those that the rotation wants a server to hold: the one labelled for servers, or the whole ring. */
export async function wantedVersions(secrets: NodeSecrets, isRing: boolean): Promise<FetchedVersions> {
  return isRing ? liveRing(secrets) : only(await secrets.get({ label: SERVERS_LABEL }));
}

/** The version that a command names; of a ring, all live ones, of which it must be one. */
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

/** A version that has no value or whose value is not a secret is left out; one that could not be read may be in use. */
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
