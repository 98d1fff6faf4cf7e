import type { Config, Timing } from './config.ts';
import { REPORT_MAX_AGE } from '../fleet/report-max-age.ts';
import type { Target } from '../media-servers/target.ts';

/** A mistake in a configuration, and its path. */
export interface TimingProblem {
  readonly path: string;
  readonly problem: string;
}

/**
 * Waits that are too short or too long for a safe rotation, one line for each. Empty if there are none.
 */
export function timingProblems(config: Pick<Config, 'timing' | 'targets'>): TimingProblem[] {
  const { timing } = config;
  return [
    ...ringProblems(timing),
    ...Object.entries(config.targets).flatMap(([name, target]) =>
      targetProblems(`targets.${name}`, target, timing),
    ),
  ];
}

function ringProblems(timing: Timing): TimingProblem[] {
  const problems: TimingProblem[] = [];
  if (timing.keyRingRefresh >= timing.keyRingMaxAge) {
    problems.push({
      path: 'timing.keyRingRefresh',
      problem: `must be below keyRingMaxAge (${timing.keyRingMaxAge} s), otherwise each ring is too old before it is refreshed`,
    });
  }
  if (timing.overlap < timing.keyRingMaxAge) {
    problems.push({
      path: 'timing.overlap',
      problem: `must be at least keyRingMaxAge (${timing.keyRingMaxAge} s), because an issuer may sign with an older ring for that time`,
    });
  }
  if (timing.overlap <= timing.slack) {
    problems.push({
      path: 'timing.overlap',
      problem: `must be above slack (${timing.slack} s): changes that become visible late must be visible within the overlap`,
    });
  }
  return problems;
}

function targetProblems(path: string, target: Target, timing: Timing): TimingProblem[] {
  const { longestToken, serverLimit, fleet } = target;
  const problems: TimingProblem[] = [];
  const longest = longestToken + timing.clockSkew;
  if (serverLimit !== undefined && serverLimit < longest) {
    problems.push({
      path: `${path}.longestToken`,
      problem: `the servers' limit (${serverLimit} s) must be at least ${longest} s: the longest token (${longestToken} s) and clockSkew (${timing.clockSkew} s)`,
    });
  }
  const reportedLate = timing.slack + REPORT_MAX_AGE;
  if (fleet?.by === 'reported' && timing.overlap <= reportedLate) {
    problems.push({
      path: 'timing.overlap',
      problem: `must be above ${reportedLate} s because the nodes of ${path} report: slack (${timing.slack} s) and the age of a report (${REPORT_MAX_AGE} s)`,
    });
  }
  return problems;
}
