import { execute, Overtaken, type Means } from './execute.ts';
import { measure, type Measures } from './measures.ts';
import { observe, observeLabels, type Observation } from './observe.ts';
import type { Asked, NodeState } from './observed.ts';
import { plan } from './plan.ts';
import type { Policy } from './policy.ts';
import { cutOff, failedReport, targetReport, type RotationReport, type TargetReport } from './report.ts';
import type { Plan, Step } from './step.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/** What one invocation of `rotate` is to do. */
export type Action = Asked | 'advance' | 'status';

/** One target, and what its rotation is done with. */
export interface Rotated extends Means {
  readonly secret: string;
  readonly signing: SigningAlgorithm;
  readonly policy: Policy;
}

/** What became of one target in this invocation, for logs and alarms. */
export interface Outcome {
  readonly report: TargetReport;
  /** What was done; none where there was nothing to do. */
  readonly done: readonly Step['kind'][];
  /** Absent where the target could not be looked at. */
  readonly measures?: Measures;
  /** What a step or a look threw. */
  readonly error?: unknown;
}

/**
 * One step of each target's rotation: observe, plan, do it, report. Targets are independent of each other, and so are
 * invocations: all state is in Secrets Manager, so one that died anywhere is gone on with by the next.
 *
 * @param now epoch seconds
 * @param tell is given each target's outcome once
 */
export async function rotate(
  action: Action,
  targets: Readonly<Record<string, Rotated>>,
  now: number,
  tell: (target: string, outcome: Outcome) => void,
): Promise<RotationReport> {
  const reports = Object.entries(targets).map(async ([name, target]): Promise<[string, TargetReport]> => {
    const outcome = await rotateTarget(action, target, now).catch(toOutcome);
    tell(name, outcome);
    return [name, outcome.report];
  });
  return { targets: Object.fromEntries(await Promise.all(reports)) };
}

/** More than any invocation needs: one that found ever more to write down, or was overtaken ever again, ends here. */
const MOST_STEPS = 10;

/** Notes and remains, which go before the step proper; they change neither tokens nor servers. */
const BOOKKEEPING: ReadonlySet<Step['kind']> = new Set(['mark', 'unmark']);

async function rotateTarget(action: Action, target: Rotated, now: number): Promise<Outcome> {
  let seen = await observe(target, target);
  const done: Step['kind'][] = [];
  const outcome = (
    observed: Observation['observed'],
    next: Plan,
    error?: { readonly thrown: unknown },
  ): Outcome => {
    const failure = error && `The step ${next.step.kind} failed: ${nameOf(error.thrown)}`;
    const report = targetReport(observed, next, [
      ...cutOff(observed, target.policy, now),
      ...(failure === undefined ? [] : [failure]),
    ]);
    return { report, done, measures: measure(observed, report, now), ...(error && { error: error.thrown }) };
  };

  let next = plan(seen.observed, target.policy, now);
  if (action === 'status') return outcome(seen.observed, next);
  let asked = action === 'advance' ? undefined : action;
  for (let goOn = true, steps = 1; goOn && steps <= MOST_STEPS; steps++) {
    const looked = await probeIfDue(withAsked(seen, asked), next, target);
    const decided = plan(looked.observed, target.policy, now);
    if (decided.step.kind === 'wait') return outcome(looked.observed, decided);
    if (decided.step.kind === 'refuse')
      return outcome(seen.observed, { ...next, why: `${decided.why} ${next.why}` });
    try {
      const touched = await execute(decided.step, looked, target, now);
      done.push(decided.step.kind);
      seen = await observeLabels(withNodes(seen, touched), target, target);
    } catch (thrown) {
      if (!(thrown instanceof Overtaken) || steps === MOST_STEPS)
        return outcome(seen.observed, decided, { thrown });
      seen = await observeLabels(seen, target, target);
      next = plan(seen.observed, target.policy, now);
      continue;
    }
    asked = undefined;
    // An emergency waits for no next invocation: nothing is worth a leaked secret.
    goOn = BOOKKEEPING.has(decided.step.kind) || (action === 'emergency' && decided.step.kind !== 'push');
    next = plan(seen.observed, target.policy, now);
  }
  return outcome(seen.observed, next);
}

/** A target that could not be looked at: the others go on. */
function toOutcome(error: unknown): Outcome {
  return { report: failedReport(`The target cannot be looked at: ${nameOf(error)}.`), done: [], error };
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

function withNodes(seen: Observation, touched: readonly NodeState[]): Observation {
  const states = new Map(touched.map((state) => [state.node, state]));
  const nodes = seen.observed.nodes.map((state) => states.get(state.node) ?? state);
  return { ...seen, observed: { ...seen.observed, nodes } };
}

/** An error's name alone: a message is somebody else's text, and a report must hold no secret. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'something that is no error was thrown';
}
