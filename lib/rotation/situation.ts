import type { MarkName, Observed } from './observed.ts';
import type { Policy } from './policy.ts';
import type { Phase, Plan } from './step.ts';

/** One target's rotation as its labels read: the roles of the ring, and what the servers are meant to hold. */
export interface Situation {
  readonly observed: Observed;
  readonly policy: Policy;
  readonly now: number;
  readonly current: string;
  /** Not the current version, and usable. */
  readonly pending: string | undefined;
  /** Not the current version. */
  readonly previous: string | undefined;
  /** The version that the servers are meant to hold. */
  readonly servers: string | undefined;
}

/** The phase that the labels and marks amount to. */
export function phaseOf({ observed, current, pending, previous, servers = current }: Situation): Phase {
  if (pending !== undefined && observed.marks.aborted?.version === pending) return 'aborting';
  if (servers === current)
    return previous !== undefined ? 'promoted' : pending !== undefined ? 'announced' : 'steady';
  return servers === pending ? 'pushing' : 'bypassed';
}

/** Whether the pending version is to be given up. */
export function aborted({ observed, pending }: Situation): boolean {
  return pending !== undefined && observed.marks.aborted?.version === pending;
}

/** When every live token knows a version; undefined while it is not written down since when it is in the ring. */
export function announcedUntil(situation: Situation, version: string): number | undefined {
  const { announced } = situation.observed.marks;
  if (announced?.version !== version) return undefined;
  return Math.max(announced.at, createdAt(situation, version)) + situation.policy.announceSeconds;
}

/** Epoch seconds. */
export function createdAt({ observed, now }: Situation, version: string): number {
  return observed.versions[version]?.createdAt ?? now;
}

/** Nothing to do, until `at` or until something else changes. */
export function wait(situation: Situation, why: string, at?: number): Plan {
  return { phase: phaseOf(situation), step: { kind: 'wait' }, why, ...(at !== undefined && { at }) };
}

/** Writes down that a wait begins. */
export function mark(situation: Situation, name: MarkName, version: string): Plan {
  return {
    phase: phaseOf(situation),
    step: { kind: 'mark', mark: name, version },
    why: 'Its wait begins now.',
  };
}

/** Tells the servers which version to hold. */
export function aim(situation: Situation, to: string, why: string): Plan {
  const problem = situation.observed.versions[to]?.problem;
  if (problem !== undefined)
    return wait(situation, `Version ${to} ${problem}: it is not brought to the servers.`);
  return { phase: phaseOf(situation), step: { kind: 'aim', from: situation.servers, to }, why };
}

/** Makes the version that the servers hold the fallback again. */
export function restore(situation: Situation, from: string, why: string): Plan {
  return { phase: phaseOf(situation), step: { kind: 'restore', from, to: situation.servers ?? from }, why };
}

/** Takes a version out of the ring. */
export function drop(
  situation: Situation,
  label: 'AWSPENDING' | 'AWSPREVIOUS',
  version: string,
  why: string,
): Plan {
  return { phase: phaseOf(situation), step: { kind: 'drop', label, version }, why };
}
