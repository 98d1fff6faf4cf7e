import { isDeepStrictEqual } from 'node:util';
import { doStep, invalid, phaseOf, wait, type RuleInput } from './input.ts';
import type { Look, NodeState, Wanted } from './state.ts';
import { retryAt } from './retry-at.ts';
import type { Plan } from './step.ts';

/** What nodes have to hold now. */
export function wantedOf(input: RuleInput): Wanted {
  const { state, policy, current, pending, previous, servers = current } = input;
  if (policy.keys !== 'keyring') return { required: [servers], allowed: undefined };
  const isUsable = (id: string | undefined) => id !== undefined && state.versions[id]?.problem === undefined;
  const allowed = [current, pending, previous].filter(isUsable) as string[];
  // A key that is only announced may wait for the push window, since many servers read their keys when they start.
  return { required: allowed.filter((id) => id !== pending || servers === pending), allowed };
}

/** Nodes that lack a version that they have to hold, or have one in their key ring that has to go. */
export function nodesBehind(
  nodes: readonly NodeState[],
  { required, allowed }: Wanted,
): readonly NodeState[] {
  const isBehind = ({ holds }: NodeState): boolean =>
    !required.every((version) => holds.includes(version)) ||
    (allowed !== undefined && !holds.every((version) => allowed.includes(version)));
  return nodes.filter(isBehind);
}

/** In an emergency the new secret goes to every node at once, before any look. */
export function pushEmergency(input: RuleInput): Plan | undefined {
  if (input.state.pushNow !== true || !input.policy.hasFleet) return undefined;
  return pushTo(input, 'all', Infinity);
}

/**
 * Looks at the servers if a look is due, and pushes to the nodes that do not hold what they should. It never waits: a broken
 * node delays only the steps that need every node.
 */
export function keepNodesInLine(input: RuleInput): Plan | undefined {
  const decided = nodesHold(input, false);
  return decided?.step.kind === 'wait' ? undefined : decided;
}

/** A plan until this invocation has seen that every node holds what it should; `undefined` if all do. */
export function untilNodesHold(input: RuleInput): Plan | undefined {
  return nodesHold(input, true);
}

function nodesHold(input: RuleInput, mustBeFresh: boolean): Plan | undefined {
  const { state, policy, now, current, servers = current } = input;
  // Servers that fetch public keys need no push, and without a fleet there is nothing to ask.
  if (policy.keys === 'jwks' || !policy.hasFleet) return undefined;
  const problem = state.versions[servers]?.problem;
  if (policy.keys === 'single' && problem !== undefined) return invalid(input, servers, problem);
  const { look } = state;
  const wanted = wantedOf(input);
  if (look === undefined || isOutdated(look, input, wanted))
    return doStep(input, { kind: 'look' }, 'look_due');
  // A command that was sent before the label moved proves nothing, so the next run sends another one.
  if (look.at < (state.marks.servers?.at ?? 0)) return wait(input, 'looking');
  if (look.problem !== undefined)
    return wait(input, 'fleet_unlisted', { at: look.dueAt, detail: look.problem });
  const behind = notTolerated(nodesBehind(look.nodes, wanted), input);
  if (look.fresh) {
    const push = pushBehind(input, behind);
    if (push !== undefined) return push;
  }
  if (!look.complete) return wait(input, 'looking');
  if (behind.length > 0) {
    const reason = behind.some(isFailedOf(wanted)) ? 'node_failed' : 'node_behind';
    return wait(input, reason, { at: Math.max(look.dueAt, now), detail: countOf(behind, look) });
  }
  return mustBeFresh && !look.fresh ? doStep(input, { kind: 'look' }, 'look_due') : undefined;
}

/** Whether a look is out of date: its time is over, or the nodes had to hold something else then. */
function isOutdated(look: Look, { state, now }: RuleInput, wanted: Wanted): boolean {
  const isOver = now >= look.dueAt || look.at < (state.marks.servers?.at ?? 0);
  return (!look.fresh && isOver) || !isDeepStrictEqual(look.wanted, wanted);
}

/**
 * The nodes to wait for. A promotion does not wait for up to `tolerate` broken nodes: a node that still holds the old secret
 * accepts the fallback token, and the end of the overlap waits for it. With a key ring all nodes are waited for, because a
 * broken one would lack the new key.
 */
function notTolerated(behind: readonly NodeState[], input: RuleInput): readonly NodeState[] {
  const { keys, tolerate } = input.policy;
  const tolerates = keys === 'single' && phaseOf(input) === 'pushing' && behind.length <= tolerate;
  return tolerates && behind.every((node) => node.problem !== undefined) ? [] : behind;
}

/**
 * The nodes to push to now. A node whose reload failed is tried again only when its retry is due. If more nodes failed than
 * are tolerated, the rest of the fleet keeps its version, because the new version may be the cause. An emergency ignores this
 * limit.
 */
function pushBehind(input: RuleInput, behind: readonly NodeState[]): Plan | undefined {
  const { policy, now } = input;
  const wanted = wantedOf(input);
  const answered = behind.filter(({ unanswered }) => unanswered !== true);
  const failed = answered.filter(isFailedOf(wanted));
  const due = answered.filter((node) => !isFailedOf(wanted)(node) || now >= retryOf(node));
  if (isUrgent(input)) return due.length === 0 ? undefined : pushTo(input, namesOf(due), Infinity);
  const nodes = failed.length > policy.tolerate ? due.filter(isFailedOf(wanted)) : due;
  if (nodes.length === 0) return undefined;
  const known = nodes.filter((node) => node.problem !== undefined || node.failed !== undefined);
  const failuresAllowed = known.length + Math.max(0, policy.tolerate - failed.length);
  return pushTo(input, namesOf(nodes), failuresAllowed, countOf(behind, input.state.look));
}

/** After an emergency a failure of one node never delays another: the leaked secret has to go. */
function isUrgent({ state, current, servers }: RuleInput): boolean {
  return state.marks.emergency?.version === current && servers === current;
}

function isFailedOf({ required }: Wanted): (node: NodeState) => boolean {
  return ({ failed }) => failed !== undefined && required.includes(failed.version);
}

function retryOf({ failed }: NodeState): number {
  return failed === undefined ? 0 : retryAt(failed);
}

function pushTo(
  input: RuleInput,
  nodes: readonly string[] | 'all',
  failuresAllowed: number,
  detail?: string,
): Plan {
  const { required, allowed = required } = wantedOf(input);
  const versions = allowed;
  return doStep(input, { kind: 'push', versions, nodes, failuresAllowed }, 'nodes_lack_version', detail);
}

function namesOf(nodes: readonly NodeState[]): readonly string[] {
  return nodes.map(({ node }) => node);
}

function countOf(behind: readonly NodeState[], look: Look | undefined): string {
  return `${behind.length} of ${look?.nodes.length ?? 0} nodes.`;
}

/** Probes with a real connection whether the servers accept a version. */
export function untilProbed(input: RuleInput, version: string): Plan | undefined {
  const { probe } = input.state;
  if (!input.policy.probes || probe?.accepted) return undefined;
  if (probe) return wait(input, 'probe_refused', { detail: probe.problem });
  return doStep(input, { kind: 'probe', version }, 'probe_due');
}
