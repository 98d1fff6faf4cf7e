import type { MarkName, Observed } from './observed.ts';
import { reportProblems, type TargetReport } from './report.ts';
import type { Phase } from './step.ts';

/** What alarms and dashboards watch of one target; ages in seconds. */
export interface Measures {
  /** How long the phase has lasted; 0 while steady. */
  readonly RotationPhaseAge: number;
  /** Nodes that do not hold the version labelled for the servers. */
  readonly NodesBehind: number;
  readonly SecretAge: number;
  /** Lines of the report that somebody should look at. */
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

/** The measures of one observation and its report. */
export function measure(observed: Observed, report: TargetReport, now: number): Measures {
  const { current, servers = current } = observed.labels;
  const began = report.phase === 'unknown' ? undefined : BEGAN[report.phase];
  const mark = began && observed.marks[began];
  return {
    RotationPhaseAge: mark === undefined ? 0 : Math.max(0, now - mark.at),
    NodesBehind: observed.nodes.filter(({ holds }) => servers === undefined || !holds.includes(servers))
      .length,
    SecretAge: current === undefined ? 0 : Math.max(0, now - (observed.versions[current]?.createdAt ?? now)),
    RotationProblem: reportProblems(report).length,
  };
}
