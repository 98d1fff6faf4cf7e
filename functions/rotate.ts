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
// An unsound configuration is told by every invocation instead of an import that fails.
const targets = createRotated(config, process.env);

/**
 * Does one step for each target and returns the report.
 *
 * @throws {TypeError} an event that is not known, with the actions that are; a configuration that is not sound
 * @throws {Error} a start, an abort or an emergency failed for a target; the others were done
 */
export async function handler(event: unknown): Promise<RotationReport> {
  const command = parseRotateEvent(event);
  const { action } = command;
  // Waits that do not hold what they promise could turn people away: better no step at all.
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
  // Of each target, and of the stage, so that one alarm watches the worst of any number of targets.
  const by = [['target'], []];
  if (action !== 'status') emit(by, { target }, { ...(measures ?? { RotationProblem: wrong.length }) });
}

/** The metrics that are no counts. */
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
