/** The rotation, run by EventBridge Scheduler and by operators. The story is `lib/rotation/rotate.ts`; this wires it. */

import { embeddedMetrics, type MetricsDirective } from '../lib/metrics.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { createRotated } from './wiring/rotated.ts';
import { systemNow } from '../lib/node/system.ts';
import { rotate, type Outcome } from '../lib/rotation/rotate.ts';
import { parseRotateEvent } from '../lib/rotation/event.ts';
import { loggedProblems, loggedReport, reportProblems, type RotationReport } from '../lib/rotation/report.ts';
import { configured } from './wiring/configured.ts';

const { config, problems } = await configured(() => import('../streampass.config.ts'), process.env);
// If the configuration is not sound, each invocation says so. A failed import would hide the reason.
const targets = createRotated(config, process.env);

/**
 * Does one step for each target and returns the report.
 *
 * @throws {TypeError} the event is not known (the message lists the actions that are), or the configuration is not sound
 * @throws {Error} a start, an abort or an emergency failed for a target; the other targets were handled
 */
export async function handler(event: unknown): Promise<RotationReport> {
  const command = parseRotateEvent(event);
  const { action } = command;
  // With wrong waits, a rotation could make servers refuse users, so no step is done.
  if (problems.length > 0) throw new TypeError(`The configuration is not sound: ${problems.join('; ')}`);
  const failed: string[] = [];
  const report = await rotate(command, targets, systemNow(), (target, outcome) => {
    tell(action, target, outcome);
    if (outcome.error !== undefined) failed.push(target);
  });
  // Whoever asked must see that a target was left out: nothing else would ask again. The next minute repeats an advance.
  if (failed.length > 0 && action !== 'advance' && action !== 'status')
    throw new Error(
      `${action} failed for ${failed.sort().join(', ')}: send it again. The log holds the report.`,
    );
  if (action === 'advance') emit([[]], {}, { AdvanceHeartbeat: 1 });
  return report;
}

function tell(action: string, target: string, { report, done, measures, error }: Outcome): void {
  writeLine({ event: 'rotation.report', action, target, done, ...loggedReport(report) });
  const wrong = reportProblems(report);
  if (wrong.length > 0) writeLine({ event: 'rotation.problem', target, problems: loggedProblems(wrong) });
  if (error !== undefined) writeLine({ event: 'rotation.failed', target, ...describeError(error) });
  // One metric for each target, and one for the stage, so that one alarm watches the worst of all targets.
  const by = [['target'], []];
  if (action !== 'status') emit(by, { target }, { ...(measures ?? { RotationProblem: wrong.length }) });
}

/** The units of the metrics that are not counts. */
const UNITS: MetricsDirective['units'] = {
  RotationPhaseAge: 'Seconds',
  RotationOverdue: 'Seconds',
  SecretAge: 'Seconds',
};

/** One record of metrics with exactly these dimensions beside the stage: the alarms name them all. */
function emit(
  by: MetricsDirective['by'],
  dimensions: Readonly<Record<string, string>>,
  values: Readonly<Record<string, number>>,
): void {
  const units = Object.fromEntries(Object.keys(values).map((name) => [name, UNITS[name] ?? 'Count']));
  writeLine({ ...embeddedMetrics(systemNow() * 1000, { by, units }), ...dimensions, ...values });
}
