import { announcedUntil, overlapEnds, phaseOf, toInput, type RuleInput } from './input.ts';
import { nodesBehind } from './nodes.ts';
import type { Policy } from './policy.ts';
import type { MarkName, RotationState } from './state.ts';
import type { Phase } from './step.ts';
import { opensAt } from './window.ts';

/** What alarms and dashboards watch of one target; ages in seconds. */
export interface Measures {
  /** How long the phase has lasted; 0 while steady. */
  readonly RotationPhaseAge: number;
  /** How long ago the phase should have ended without problems; 0 if it is not late. */
  readonly RotationOverdue: number;
  /** Nodes that did not hold what they should at the last look. */
  readonly NodesBehind: number;
  readonly SecretAge: number;
  /** The number of lines in the report that need an operator. */
  readonly RotationProblem: number;
}

/** Which mark a phase began with. */
const BEGAN: Readonly<Partial<Record<Phase, MarkName>>> = {
  announced: 'announced',
  pushing: 'servers',
  promoted: 'promoted',
  aborting: 'aborted',
  bypassed: 'announced',
};

/** The measures of one state. @param problems the number of lines in its report that need an operator */
export function measure(state: RotationState, policy: Policy, now: number, problems: number): Measures {
  const { look } = state;
  const behind = look === undefined ? [] : nodesBehind(look.nodes, look.wanted);
  const counts = { NodesBehind: behind.length, RotationProblem: problems };
  const { current } = state.labels;
  if (current === undefined) return { RotationPhaseAge: 0, RotationOverdue: 0, SecretAge: 0, ...counts };
  const input = toInput(state, policy, now, current);
  const began = BEGAN[phaseOf(input)];
  const since = (at: number | undefined): number => (at === undefined ? 0 : Math.max(0, now - at));
  return {
    RotationPhaseAge: since(began && state.marks[began]?.at),
    RotationOverdue: since(phaseEnds(input)),
    SecretAge: since(state.versions[current]?.createdAt),
    ...counts,
  };
}

/** When a phase ends if no node delays it, epoch seconds; `undefined` for a phase without an end. */
function phaseEnds(input: RuleInput): number | undefined {
  const { state, policy, waits, current, pending = current } = input;
  const { servers, aborted } = state.marks;
  const inWindow = (at: number | undefined): number | undefined =>
    at === undefined || policy.window === undefined ? at : (opensAt(policy.window, at) ?? at);
  switch (phaseOf(input)) {
    case 'announced':
      return inWindow(announcedUntil(input, pending));
    case 'pushing':
      return servers?.at;
    case 'promoted':
      return overlapEnds(input);
    case 'aborting':
      return aborted && Math.max(aborted.at, servers?.at ?? 0) + waits.overlapSeconds;
    case 'bypassed':
      return inWindow(announcedUntil(input, current));
    default:
      return undefined;
  }
}
