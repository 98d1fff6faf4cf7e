import { createHash } from 'node:crypto';
import { versionLabelled } from '../signing-keys/labels.ts';
import { kidOf } from '../signing-keys/secret.ts';
import { formatMark, markKey } from './marks.ts';
import type { Snapshot } from './observe.ts';
import type { RotationSecrets, SecretMaker, Servers } from './ports.ts';
import { makesVersion, secretCalls, type SecretCall } from './secret-calls.ts';
import type { NodeState, RotationState } from './state.ts';
import type { Step } from './step.ts';

/** The dependencies of a step. */
export interface Deps {
  readonly secrets: RotationSecrets;
  readonly servers?: Servers | undefined;
  readonly maker: SecretMaker;
}

/** Another invocation made a version first, so the state that this step was planned on is out of date. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/**
 * Does one step, call by call, and decides nothing. Resolves with the nodes that a push touched. If another invocation wins a
 * compare-and-swap, the step ends, and the next look shows the result.
 *
 * @throws {Overtaken} another invocation made a version, so this one made none
 * @throws whatever a call throws; finished calls are not undone, and the next invocation continues from there
 */
export async function execute(
  step: Step,
  { arn, state, secrets }: Snapshot,
  deps: Deps,
  now: number,
): Promise<readonly NodeState[]> {
  if (step.kind === 'push') {
    const versions = step.versions.map((id) => secrets.get(id)).filter((secret) => secret !== undefined);
    const { nodes, failuresAllowed } = step;
    return (await deps.servers?.apply(arn, versions, nodes, { failuresAllowed, now })) ?? [];
  }
  const purpose = step.kind === 'replace' ? 'emergency' : 'rotation';
  const fresh = makesVersion(step)
    ? await freshVersionId(arn, state.labels, purpose, deps.secrets)
    : undefined;
  for (const call of secretCalls(step, now, fresh)) if (!(await make(call, arn, deps))) break;
  return [];
}

/** Resolves with false if the rest of the step must not be done. */
async function make(call: SecretCall, arn: string, { secrets, maker }: Deps): Promise<boolean> {
  switch (call.call) {
    case 'tag':
      await secrets.tag(arn, markKey(call.mark), formatMark(call));
      return true;
    case 'untag':
      await secrets.untag(arn, markKey(call.mark));
      return true;
    case 'put':
      if ((await secrets.put(arn, call.version, await maker.make(), call.labels)) === 'exists')
        throw new Overtaken();
      return true;
    case 'move':
      return (await secrets.moveLabel(arn, call.label, call)) === 'moved';
  }
}

/**
 * The id of the version to make, which is also the `ClientRequestToken`. It is derived from the secret and its current
 * version. So if two invocations both create one, the second finds that the id exists. An id is skipped if an aborted
 * rotation used it, or if another version has the same `kid`. An id that another invocation has just used is not skipped,
 * because then each would make a version of its own. The labels tell the two cases apart.
 */
async function freshVersionId(
  arn: string,
  seen: RotationState['labels'],
  purpose: Purpose,
  secrets: RotationSecrets,
): Promise<string> {
  const versions = await secrets.versions(arn);
  const isAsSeen =
    versionLabelled(versions, 'AWSCURRENT') === seen.current &&
    versionLabelled(versions, 'AWSPENDING') === seen.pending;
  if (!isAsSeen) throw new Overtaken();
  const taken = new Set(Object.keys(versions).map(kidOf));
  for (let attempt = 0; ; attempt++) {
    const id = versionIdFor(arn, seen.current, attempt, purpose);
    if (!taken.has(kidOf(id))) return id;
  }
}

/** An emergency's version has an id that no rotation makes, so that a rotation's version can never be mistaken for it. */
type Purpose = 'rotation' | 'emergency';

/**
 * A UUID (RFC 9562 §5.8, version 8) derived from a secret, its current version, the number of the attempt and its purpose.
 */
export function versionIdFor(
  arn: string,
  current: string | undefined,
  attempt: number,
  purpose: Purpose = 'rotation',
): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([arn, current ?? null, attempt, purpose]), 'utf8')
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
