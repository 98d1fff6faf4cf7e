import { kidOf } from '../signing-keys/secret.ts';
import type { Observed } from './observed.ts';
import type { Policy } from './policy.ts';
import type { Phase, Plan, Step } from './step.ts';

/** One server in a report. */
export interface NodeReport {
  readonly node: string;
  /** The id of the version it holds (several, separated by blanks, for a key ring); null where that is not known. */
  readonly holds: string | null;
  readonly problem?: string;
}

/** What is told of one target. Versions are named by id, times are ISO 8601. */
export interface TargetReport {
  readonly phase: Phase | 'unknown';
  readonly current: string | null;
  readonly fallback?: string;
  readonly nodes: readonly NodeReport[];
  readonly next: { readonly step: Step['kind'] | 'observe'; readonly at?: string; readonly why: string };
  /** What is wrong apart from single nodes, a line each. */
  readonly problems?: readonly string[];
}

/** What `rotate` returns. */
export interface RotationReport {
  readonly targets: Readonly<Record<string, TargetReport>>;
}

/** What one target looks like after this invocation, and what comes next. Holds no secret: an observation has none. */
export function targetReport(observed: Observed, next: Plan, more: readonly string[] = []): TargetReport {
  const { current, pending, previous } = observed.labels;
  const usable = pending !== undefined && observed.versions[pending]?.problem === undefined;
  const fallback = [usable ? pending : undefined, previous].find(
    (version) => version !== undefined && version !== current,
  );
  const problems = [...more, ...secretProblems(observed)];
  return {
    phase: next.phase,
    current: current ?? null,
    ...(fallback !== undefined && { fallback }),
    nodes: observed.nodes.map(({ node, holds, problem }) => ({
      node,
      holds: holds.length > 0 ? holds.join(' ') : null,
      ...(problem !== undefined && { problem }),
    })),
    next: {
      step: next.step.kind,
      ...(next.at !== undefined && { at: isoTime(next.at) }),
      why: next.why,
    },
    ...(problems.length > 0 && { problems }),
  };
}

/**
 * Which live tokens an emergency cut off at most, for as long as there can be any. Tokens are counted nowhere, so it is
 * told by when they were issued.
 */
export function cutOff({ marks, labels }: Observed, policy: Policy, now: number): string[] {
  const { emergency } = marks;
  if (emergency === undefined || emergency.version !== labels.current) return [];
  const lastEnds = emergency.at + policy.tokensGoneSeconds;
  if (now >= lastEnds) return [];
  const at = isoTime(emergency.at);
  const ringsUntil = isoTime(emergency.at + policy.keyRingMaxAge);
  return [
    `The secret was replaced in an emergency at ${at}: cut off are at most all tokens issued in the ${policy.longestToken} s ` +
      `before, and those that an issuer without an answer from Secrets Manager signs until ${ringsUntil}; the last ends by ${isoTime(lastEnds)}.`,
  ];
}

function isoTime(at: number): string {
  return new Date(at * 1000).toISOString();
}

/** A target that could not be looked at, or whose step failed: the next invocation tries again. */
export function failedReport(why: string): TargetReport {
  return { phase: 'unknown', current: null, nodes: [], next: { step: 'observe', why }, problems: [why] };
}

/** What alarms are for: every line of a report that somebody should look at. */
export function reportProblems({ nodes, problems = [] }: TargetReport): string[] {
  return [
    ...problems,
    ...nodes.flatMap(({ node, problem }) => (problem === undefined ? [] : [`${node}: ${problem}`])),
  ];
}

function secretProblems({ labels, versions, fleetProblem, probe }: Observed): string[] {
  const labelled = Object.entries(versions).flatMap(([id, { problem }]) =>
    problem === undefined ? [] : [`Version ${id} ${problem}.`],
  );
  const { current, pending, previous, servers } = labels;
  const distinct = new Set([current, pending, previous].filter((version) => version !== undefined));
  const kids = new Set([...distinct].map(kidOf));
  return [
    ...labelled,
    ...(distinct.size === 3 ? ['AWSCURRENT, AWSPENDING and AWSPREVIOUS are on three versions.'] : []),
    ...(kids.size < distinct.size
      ? ['Two live versions have the same first 8 characters, so the same kid.']
      : []),
    ...(current !== undefined && servers !== undefined && ![current, pending].includes(servers)
      ? ['AWSCURRENT was changed by hand: servers follow once every live token knows it.']
      : []),
    ...(fleetProblem === undefined ? [] : [fleetProblem]),
    ...(probe?.accepted === false ? [`A probe was turned away: ${probe.problem}`] : []),
  ];
}
