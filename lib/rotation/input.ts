import { waitsOf, type Policy, type Waits } from './policy.ts';
import { sentence, type Reason } from './reasons.ts';
import type { MarkName, RotationState } from './state.ts';
import type { Phase, Plan, Step } from './step.ts';

/** The input of each rule of a plan: a state, its labels, and the waits that apply. */
export interface RuleInput {
  readonly state: RotationState;
  readonly policy: Policy;
  readonly waits: Waits;
  /** Epoch seconds. */
  readonly now: number;
  readonly current: string;
  /** Not the current version, and usable. */
  readonly pending: string | undefined;
  /** Not the current version. */
  readonly previous: string | undefined;
  /** The version that the servers are meant to hold. */
  readonly servers: string | undefined;
}

/** The input for a secret that has a current version. */
export function toInput(state: RotationState, policy: Policy, now: number, current: string): RuleInput {
  const { pending, previous, servers } = state.labels;
  const usable = pending !== undefined && state.versions[pending]?.problem === undefined;
  // After a change of the configuration, tokens of the previous one are still live.
  const longest = Math.max(policy.longestToken, Number(state.marks.longest?.version ?? 0));
  return {
    state,
    policy,
    waits: waitsOf(policy, longest),
    now,
    current,
    pending: usable && pending !== current ? pending : undefined,
    previous: previous === current ? undefined : previous,
    servers,
  };
}

/** The phase, derived from the labels and marks. */
export function phaseOf(input: RuleInput): Phase {
  const { current, pending, previous, servers = current } = input;
  if (isAborted(input)) return 'aborting';
  if (servers !== current) return servers === pending ? 'pushing' : 'bypassed';
  if (previous !== undefined && !isKept(input)) return 'promoted';
  return pending !== undefined ? 'announced' : 'steady';
}

/** Whether the rotation to the pending version is aborted. */
export function isAborted({ state, pending }: RuleInput): boolean {
  return pending !== undefined && state.marks.aborted?.version === pending;
}

/**
 * Whether the previous version stays until the next promotion, because its overlap has passed and servers sign with it
 * themselves.
 */
export function isKept(input: RuleInput): boolean {
  const until = overlapEnds(input);
  return input.policy.keepsPrevious && until !== undefined && input.now >= until;
}

/** When the overlap after a promotion ends, epoch seconds; `undefined` if its beginning is not recorded yet. */
export function overlapEnds({ state, waits, current }: RuleInput): number | undefined {
  const { promoted, servers } = state.marks;
  if (promoted?.version !== current || servers?.version !== current) return undefined;
  return Math.max(promoted.at, servers.at) + waits.overlapSeconds;
}

/**
 * When every live token set includes a version, epoch seconds; `undefined` if it is not recorded when the version entered the
 * ring.
 *
 * @param waits default: those of the policy
 */
export function announcedUntil(
  input: RuleInput,
  version: string,
  waits: Waits = input.waits,
): number | undefined {
  const { announced } = input.state.marks;
  if (announced?.version !== version) return undefined;
  return Math.max(announced.at, createdAt(input, version)) + waits.announceSeconds;
}

/** Epoch seconds. */
export function createdAt({ state, now }: RuleInput, version: string): number {
  return state.versions[version]?.createdAt ?? now;
}

/** A plan to do this step. @param detail appended to the reason's sentence */
export function doStep(input: RuleInput, step: Step, reason: Reason, detail?: string): Plan {
  return { phase: phaseOf(input), step, reason, why: sentence(reason, detail) };
}

/** A plan to wait until `at`, or until something else changes. */
export function wait(input: RuleInput, reason: Reason, more: { at?: number; detail?: string } = {}): Plan {
  const plan = doStep(input, { kind: 'wait' }, reason, more.detail);
  return more.at === undefined ? plan : { ...plan, at: more.at };
}

/** Records that a waiting period begins. */
export function mark(input: RuleInput, name: MarkName, version: string): Plan {
  return doStep(input, { kind: 'mark', mark: name, version }, 'wait_begins');
}

/** Tells the servers which version to hold. A version without a valid secret is never chosen. */
export function retarget(input: RuleInput, to: string, reason: Reason): Plan {
  const problem = input.state.versions[to]?.problem;
  if (problem !== undefined) return invalid(input, to, problem);
  return doStep(input, { kind: 'retarget', from: input.servers, to }, reason);
}

/** Waits, because a version that the servers should get has no valid secret. */
export function invalid(input: RuleInput, version: string, problem: string): Plan {
  return wait(input, 'secret_invalid', { detail: `Version ${version} ${problem}.` });
}

/** Makes the version that the servers hold the fallback again. */
export function restore(input: RuleInput, from: string, reason: Reason): Plan {
  return doStep(input, { kind: 'restore', from, to: input.servers ?? from }, reason);
}

/** Takes a version out of the ring. */
export function drop(
  input: RuleInput,
  label: 'AWSPENDING' | 'AWSPREVIOUS',
  version: string,
  reason: Reason,
): Plan {
  return doStep(input, { kind: 'drop', label, version }, reason);
}

/** Waits if no fleet brings the secret to these servers and no operator confirmed that they follow this version. */
export function unconfirmed(input: RuleInput, version: string): Plan | undefined {
  const follows = input.policy.hasFleet || input.state.marks.confirmed?.version === version;
  return follows ? undefined : wait(input, 'no_fleet');
}
