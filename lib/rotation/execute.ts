import { createHash } from 'node:crypto';
import { SERVERS_LABEL, versionLabelled } from '../signing-keys/labels.ts';
import { kidOf } from '../signing-keys/secret.ts';
import { labelCalls, type LabelCall } from './label-calls.ts';
import { formatMark, markKey } from './marks.ts';
import type { MarkName, NodeState, Observed } from './observed.ts';
import type { Observation } from './observe.ts';
import type { RotationSecrets, SecretMaker, Servers } from './ports.ts';
import type { Step } from './step.ts';

/** What a step is done with. */
export interface Means {
  readonly secrets: RotationSecrets;
  readonly servers?: Servers | undefined;
  readonly maker: SecretMaker;
}

/** Somebody else was quicker to make a version: what this step was planned on is out of date. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/**
 * Does one step, call by call, and decides nothing. Resolves with the nodes that a push touched. A compare-and-swap
 * that somebody else won ends the step: the next invocation sees what became of it.
 *
 * @throws {Overtaken} no version was made, since another one was
 * @throws whatever a call throws; what was done by then stands, and the next invocation goes on from there
 */
export async function execute(
  step: Step,
  { arn, observed, secrets }: Observation,
  means: Means,
  now: number,
): Promise<readonly NodeState[]> {
  const mark = (name: MarkName, version: string) =>
    means.secrets.tag(arn, markKey(name), formatMark({ version, at: now }));
  switch (step.kind) {
    case 'push': {
      const versions = step.versions.map((id) => secrets.get(id)).filter((secret) => secret !== undefined);
      return (await means.servers?.apply(arn, versions, step.nodes)) ?? [];
    }
    case 'create': {
      const version = await freshVersionId(arn, observed.labels, means.secrets);
      await mark('servers', version);
      await put(arn, version, ['AWSCURRENT', SERVERS_LABEL], means);
      return [];
    }
    case 'announce': {
      const version = await freshVersionId(arn, observed.labels, means.secrets);
      // Marked first: a version that is pending without a mark counts as an operator's, and waits from when it is seen.
      await mark('announced', version);
      await put(arn, version, ['AWSPENDING'], means);
      return [];
    }
    case 'replace': {
      const version = await freshVersionId(arn, observed.labels, means.secrets);
      await mark('emergency', version);
      await mark('servers', version);
      await put(arn, version, ['AWSCURRENT', SERVERS_LABEL], means);
      return [];
    }
    default:
      for (const call of labelCalls(step, now)) {
        if (!(await make(call, arn, means.secrets))) return [];
      }
      return [];
  }
}

async function make(call: LabelCall, arn: string, secrets: RotationSecrets): Promise<boolean> {
  switch (call.call) {
    case 'tag':
      await secrets.tag(arn, markKey(call.mark), formatMark(call));
      return true;
    case 'untag':
      await secrets.untag(arn, markKey(call.mark));
      return true;
    case 'move':
      return (await secrets.moveLabel(arn, call.label, call)) === 'moved';
  }
}

async function put(
  arn: string,
  version: string,
  labels: Parameters<RotationSecrets['put']>[3],
  { secrets, maker }: Means,
): Promise<void> {
  if ((await secrets.put(arn, version, maker.make(), labels)) === 'exists') throw new Overtaken();
}

/**
 * The id of the version to make, which is also the `ClientRequestToken`: it follows from the secret and its current
 * version, so that of two invocations which both create one, the second finds it there. An id that was used up by an
 * aborted rotation, or whose `kid` another version has, is passed over; one that another invocation has just used must not
 * be, or each of the two would make a version of its own: the labels tell them apart.
 */
async function freshVersionId(
  arn: string,
  seen: Observed['labels'],
  secrets: RotationSecrets,
): Promise<string> {
  const versions = await secrets.versions(arn);
  const isAsSeen =
    versionLabelled(versions, 'AWSCURRENT') === seen.current &&
    versionLabelled(versions, 'AWSPENDING') === seen.pending;
  if (!isAsSeen) throw new Overtaken();
  const taken = new Set(Object.keys(versions).map(kidOf));
  for (let attempt = 0; ; attempt++) {
    const id = versionIdFor(arn, seen.current, attempt);
    if (!taken.has(kidOf(id))) return id;
  }
}

/** A UUID (RFC 9562 §5.8, version 8) made of a secret, its current version and the number of an attempt. */
export function versionIdFor(arn: string, current: string | undefined, attempt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([arn, current ?? null, attempt]), 'utf8')
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
