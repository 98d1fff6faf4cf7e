import { kidOf } from '../signing-keys/secret.ts';
import { toInput } from './input.ts';
import type { Policy } from './policy.ts';
import { sentence, type Reason } from './reasons.ts';
import type { RotationState } from './state.ts';
import type { Phase, Plan, Step } from './step.ts';

/** One server in a report. */
export interface NodeReport {
  readonly node: string;
  /** The id of the version it holds (several, separated by blanks, for a key ring); null if that is not known. */
  readonly holds: string | null;
  readonly problem?: string;
}

/** What is reported of one target. Versions are named by id, times are ISO 8601. */
export interface TargetReport {
  readonly phase: Phase | 'unknown';
  readonly current: string | null;
  readonly fallback?: string;
  /** As they were at the last look. */
  readonly nodes: readonly NodeReport[];
  readonly next: {
    readonly step: Step['kind'] | 'observe';
    /** A stable slug, see docs/operate.md. */
    readonly reason: Reason;
    readonly at?: string;
    readonly why: string;
  };
  /** Problems that are not one node's, one line each: a reason, a colon and a sentence. */
  readonly problems?: readonly string[];
}

/** What `rotate` returns. */
export interface RotationReport {
  readonly targets: Readonly<Record<string, TargetReport>>;
}

/** A line of `problems`. */
export function problemLine(reason: Reason, detail?: string): string {
  return `${reason}: ${sentence(reason, detail)}`;
}

/** The report of one target after this invocation, with its next step. It holds no secret, because a state has none. */
export function targetReport(state: RotationState, next: Plan, more: readonly string[] = []): TargetReport {
  const { current, pending, previous } = state.labels;
  const usable = pending !== undefined && state.versions[pending]?.problem === undefined;
  const fallback = [usable ? pending : undefined, previous].find(
    (version) => version !== undefined && version !== current,
  );
  const problems = [...more, ...stateProblems(state)];
  return {
    phase: next.phase,
    current: current ?? null,
    ...(fallback !== undefined && { fallback }),
    nodes: (state.look?.nodes ?? []).map(({ node, holds, problem }) => ({
      node,
      holds: holds.length > 0 ? holds.join(' ') : null,
      ...(problem !== undefined && { problem }),
    })),
    next: {
      step: next.step.kind,
      reason: next.reason,
      ...(next.at !== undefined && { at: isoTime(next.at) }),
      why: next.why,
    },
    ...(problems.length > 0 && { problems }),
  };
}

/**
 * Which tokens an emergency cut off and what is left to do, reported as long as one of these tokens can be live. Tokens are
 * not counted, so the text says when they were issued.
 *
 * @param servers what this kind of server still needs
 */
export function emergencyProblems(
  state: RotationState,
  policy: Policy,
  now: number,
  servers?: string,
): string[] {
  const { emergency } = state.marks;
  const { current } = state.labels;
  if (emergency === undefined || current === undefined || emergency.version !== current) return [];
  const { waits } = toInput(state, policy, now, current);
  const lastEnds = emergency.at + waits.tokensGoneSeconds;
  if (now >= lastEnds) return [];
  const ringsUntil = isoTime(emergency.at + policy.keyRingMaxAge);
  const byHand = policy.hasFleet ? [] : ['Bring the current version to the servers: no fleet is configured.'];
  const left = [
    'Cut off the machine or role that the secret leaked from, before it reads the new one.',
    ...byHand,
    ...(servers === undefined ? [] : [servers]),
  ];
  return [
    problemLine(
      'tokens_cut_off',
      `At ${isoTime(emergency.at)}. Cut off are at most all tokens issued in the ${policy.longestToken} s before, and those ` +
        `that an issuer without an answer from Secrets Manager signs until ${ringsUntil}; the last ends by ${isoTime(lastEnds)}.`,
    ),
    problemLine('after_emergency', left.join(' ')),
  ];
}

function isoTime(at: number): string {
  return new Date(at * 1000).toISOString();
}

/** A target that could not be looked at: the next invocation tries again. */
export function failedReport(error: string): TargetReport {
  const why = sentence('unreachable', `(${error})`);
  return {
    phase: 'unknown',
    current: null,
    nodes: [],
    next: { step: 'observe', reason: 'unreachable', why },
    problems: [`unreachable: ${why}`],
  };
}

/**
 * Most bytes of servers, or of problems, in a log line: CloudWatch Logs may cut one of more than 256 KB, and then nothing can
 * read it.
 */
const MOST_LOGGED = 64 * 1024;

/**
 * A report for its log line: as many servers as fit, those with a problem first, then those that do not hold the current
 * version; and the number of all.
 */
export function loggedReport(report: TargetReport): TargetReport & { readonly nodes_in_all: number } {
  const { nodes, current } = report;
  const urgency = ({ problem, holds }: NodeReport): number =>
    problem === undefined ? Number(holds === current) : -1;
  const named = thatFit(nodes.toSorted((one, other) => urgency(one) - urgency(other)));
  return { ...report, nodes: named.length < nodes.length ? named : nodes, nodes_in_all: nodes.length };
}

/** Problems for a log line: as many as fit, and the number of the others. */
export function loggedProblems(problems: readonly string[]): readonly string[] {
  const named = thatFit(problems);
  const more = problems.length - named.length;
  return more === 0 ? problems : [...named, `${more} more: \`npm run rotate -- status\` names all.`];
}

function thatFit<Item>(items: readonly Item[]): readonly Item[] {
  let bytes = 0;
  const end = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item)) + 1) > MOST_LOGGED);
  return end === -1 ? items : items.slice(0, end);
}

/** Every line of a report that needs an operator. Alarms count them. */
export function reportProblems({ nodes, problems = [] }: TargetReport): string[] {
  return [
    ...problems,
    ...nodes.flatMap(({ node, problem }) => (problem === undefined ? [] : [`${node}: ${problem}`])),
  ];
}

function stateProblems({ labels, versions, look, probe }: RotationState): string[] {
  const invalid = Object.entries(versions).flatMap(([id, { problem }]) =>
    problem === undefined ? [] : [problemLine('secret_invalid', `Version ${id} ${problem}.`)],
  );
  const { current, pending, previous, servers } = labels;
  const distinct = new Set([current, pending, previous].filter((version) => version !== undefined));
  const kids = new Set([...distinct].map(kidOf));
  const isBypassed = current !== undefined && servers !== undefined && ![current, pending].includes(servers);
  return [
    ...invalid,
    ...(distinct.size === 3 ? [problemLine('three_versions')] : []),
    ...(kids.size < distinct.size ? [problemLine('same_kid')] : []),
    ...(isBypassed ? [problemLine('changed_by_hand')] : []),
    ...(look?.problem === undefined ? [] : [problemLine('fleet_unlisted', look.problem)]),
    ...(probe?.accepted === false ? [problemLine('probe_refused', probe.problem)] : []),
  ];
}
