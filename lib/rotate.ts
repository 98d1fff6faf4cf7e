import type { Asked, Observed } from './rotation/observed.ts';
import { execute, type Means } from './rotation/execute.ts';
import { observe, observeLabels, type Observation } from './rotation/observe.ts';
import { plan } from './rotation/plan.ts';
import type { Policy } from './rotation/policy.ts';
import { failedReport, targetReport, type RotationReport, type TargetReport } from './rotation/report.ts';
import type { Plan } from './rotation/step.ts';
import type { SigningAlgorithm } from './targets/target.ts';

/** What one invocation of `rotate` is to do. */
export type Action = Asked | 'advance' | 'status';

/** One target, and what its rotation is done with. */
export interface Rotated extends Means {
  readonly secret: string;
  readonly signing: SigningAlgorithm;
  readonly policy: Policy;
}

/**
 * One step of each target's rotation: observe, plan, do it, report. Targets are independent of each other, and so are
 * invocations: all state is in Secrets Manager, so one that died anywhere is gone on with by the next.
 *
 * @param now epoch seconds
 * @param tellError is given what a failed target threw; the report has one line of it
 */
export async function rotate(
  action: Action,
  targets: Readonly<Record<string, Rotated>>,
  now: number,
  tellError: (target: string, error: unknown) => void,
): Promise<RotationReport> {
  const reports = Object.entries(targets).map(async ([name, target]): Promise<[string, TargetReport]> => {
    try {
      return [name, await rotateTarget(action, target, now, (error) => tellError(name, error))];
    } catch (error) {
      tellError(name, error);
      return [name, failedReport(describeError(error))];
    }
  });
  return { targets: Object.fromEntries(await Promise.all(reports)) };
}

/** An emergency goes on at once: nothing that a step of it could wait for is worth a leaked secret. */
const STEPS_OF_AN_EMERGENCY = 6;

async function rotateTarget(
  action: Action,
  target: Rotated,
  now: number,
  tellError: (error: unknown) => void,
): Promise<TargetReport> {
  let seen = await observe(target, target);
  let next = plan(seen.observed, target.policy, now);
  if (action === 'status') return targetReport(seen.observed, next);
  let asked = action === 'advance' ? undefined : action;
  for (let steps = action === 'emergency' ? STEPS_OF_AN_EMERGENCY : 1; steps > 0; steps--) {
    const looked = await probeIfDue(withAsked(seen, asked), next, target);
    const decided = plan(looked.observed, target.policy, now);
    if (decided.step.kind === 'wait') return targetReport(looked.observed, decided);
    if (decided.step.kind === 'refuse')
      return targetReport(seen.observed, { ...next, why: `${decided.why} ${next.why}` });
    try {
      const touched = await execute(decided.step, looked, target, now);
      seen = await observeLabels(withNodes(seen, touched), target, target);
    } catch (error) {
      tellError(error);
      return targetReport(
        seen.observed,
        decided,
        `The step ${decided.step.kind} failed: ${describeError(error)}`,
      );
    }
    next = plan(seen.observed, target.policy, now);
    asked = undefined;
  }
  return targetReport(seen.observed, next);
}

/** A plan that wants a probe is made anew with its result. */
async function probeIfDue(seen: Observation, { step }: Plan, target: Rotated): Promise<Observation> {
  const secret = step.kind === 'probe' ? seen.secrets.get(step.version) : undefined;
  if (secret === undefined || target.servers === undefined) return seen;
  return { ...seen, observed: { ...seen.observed, probe: await target.servers.probe(secret) } };
}

function withAsked(seen: Observation, asked: Asked | undefined): Observation {
  return asked === undefined ? seen : { ...seen, observed: { ...seen.observed, asked } };
}

function withNodes(seen: Observation, touched: Observed['nodes']): Observation {
  const states = new Map(touched.map((state) => [state.node, state]));
  const nodes = seen.observed.nodes.map((state) => states.get(state.node) ?? state);
  return { ...seen, observed: { ...seen.observed, nodes } };
}

/** One line on what went wrong: errors of the AWS SDK name themselves, and none of them holds a secret. */
function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error was thrown';
}
