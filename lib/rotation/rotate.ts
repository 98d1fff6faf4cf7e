import type { RotateCommand } from './event.ts';
import { execute, Overtaken, type Deps } from './execute.ts';
import { toInput } from './input.ts';
import { remembered, toLook, withTouched } from './looks.ts';
import { measure, type Measures } from './measures.ts';
import { wantedOf } from './nodes.ts';
import { observe, observeServers, type Snapshot } from './observe.ts';
import { plan } from './plan.ts';
import type { Policy } from './policy.ts';
import {
  emergencyProblems,
  failedReport,
  problemLine,
  reportProblems,
  targetReport,
  type RotationReport,
  type TargetReport,
} from './report.ts';
import type { Look, RotationState, Wanted } from './state.ts';
import type { Plan, Step } from './step.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/** One target, and the dependencies of its rotation. */
export interface Rotated extends Deps {
  readonly secret: string;
  readonly signing: SigningAlgorithm;
  readonly policy: Policy;
  /** What this kind of server still needs after an emergency, in one sentence. */
  readonly afterEmergency?: string;
  /** The last look, kept between invocations. It only saves looks: no decision depends on it alone. */
  readonly memory: { look?: Look | undefined };
}

/** The outcome of one target in this invocation, for logs and alarms. */
export interface Outcome {
  readonly report: TargetReport;
  /** The steps that were done; empty if there was nothing to do. */
  readonly done: readonly Step['kind'][];
  /** Absent if the target could not be looked at. */
  readonly measures?: Measures;
  /** What a step or a look threw. */
  readonly error?: unknown;
}

/**
 * One step of each target's rotation: observe, plan, do it, report. Targets are independent of each other, and so are
 * invocations. All state is in Secrets Manager, so the next invocation continues where an interrupted one stopped.
 *
 * @param now epoch seconds
 * @param tell called once with each target's outcome
 * @throws {TypeError} the command names a target that is not known; nothing was done then
 */
export async function rotate(
  command: RotateCommand,
  targets: Readonly<Record<string, Rotated>>,
  now: number,
  tell: (target: string, outcome: Outcome) => void,
): Promise<RotationReport> {
  const names = command.targets ?? Object.keys(targets);
  const unknown = names.find((name) => !Object.hasOwn(targets, name));
  if (unknown !== undefined)
    throw new TypeError(
      `No target called "${unknown}" is rotated. Known are ${Object.keys(targets).join(', ') || 'none'}.`,
    );
  const reports = names.map(async (name): Promise<[string, TargetReport]> => {
    const outcome = await rotateTarget(command, targets[name] as Rotated, now).catch(toOutcome);
    tell(name, outcome);
    return [name, outcome.report];
  });
  return { targets: Object.fromEntries(await Promise.all(reports)) };
}

/**
 * More steps than any invocation needs. It ends one that would never finish, because it always finds more to record or is
 * always overtaken.
 */
const MOST_STEPS = 14;

/** Records, which come before the actual step. They change neither tokens nor servers. */
const BOOKKEEPING: ReadonlySet<Step['kind']> = new Set(['mark', 'unmark']);

async function rotateTarget(command: RotateCommand, target: Rotated, now: number): Promise<Outcome> {
  const { policy, memory } = target;
  const done: Step['kind'][] = [];
  const isEmergency = command.action === 'emergency';
  let seen = withLook(await observe(target, target), remembered(memory.look));
  /** The inputs of the next plans, besides the observed state. */
  const wish = (): Partial<RotationState> => {
    const { action, serversFollow } = command;
    if (action === 'advance' || action === 'status' || done.includes('create')) return {};
    if (action !== 'emergency') return done.length === 0 ? { command: action, serversFollow } : {};
    return done.includes('replace') ? { pushNow: !done.includes('push') } : { command: action };
  };
  let next = plan({ ...seen.state, ...wish() }, policy, now);
  if (command.action === 'status') {
    // Not remembered: frequent requests for the status must not delay the looks and pushes of `advance`.
    seen = withLook(seen, await look(seen));
    return toReport(seen.state, plan(seen.state, policy, now));
  }

  for (let steps = 1, goOn = true; goOn && steps <= MOST_STEPS; steps++) {
    const { step } = next;
    let isOvertaken = false;
    if (step.kind === 'wait' || step.kind === 'refuse') break;
    if (step.kind === 'look') seen = remember(seen, await look(seen));
    else if (step.kind === 'probe') seen = await probe(seen, step.version, target);
    else {
      try {
        const touched = await execute(step, seen, target, now);
        done.push(step.kind);
        if (step.kind === 'push')
          seen = remember(
            seen,
            withTouched(seen.state.look, touched, wantedIn(seen.state, policy, now), now),
          );
      } catch (thrown) {
        if (!(thrown instanceof Overtaken) || steps === MOST_STEPS)
          return toReport(seen.state, next, { thrown });
        isOvertaken = true;
      }
      seen = withLook(await observe(target, target), seen.state.look);
      // An emergency does not wait for the next invocation: the leaked secret has to go.
      goOn = isOvertaken || BOOKKEEPING.has(step.kind) || (isEmergency && step.kind !== 'push');
    }
    next = plan({ ...seen.state, ...wish() }, policy, now);
  }
  if (next.step.kind === 'refuse') next = refusal(next, plan(seen.state, policy, now));
  return toReport(seen.state, next);

  function toReport(state: RotationState, next: Plan, error?: { readonly thrown: unknown }): Outcome {
    const failure =
      error && problemLine('step_failed', `It was ${next.step.kind} (${nameOf(error.thrown)}).`);
    const report = targetReport(state, next, [
      ...emergencyProblems(state, policy, now, target.afterEmergency),
      ...(failure === undefined ? [] : [failure]),
    ]);
    const measures = measure(state, policy, now, reportProblems(report).length);
    return { report, done, measures, ...(error && { error: error.thrown }) };
  }

  function remember(seen: Snapshot, look: Look | undefined): Snapshot {
    // Nobody can see which public keys a server has fetched, so its answer counts in this invocation only.
    if (policy.keys !== 'jwks' && look !== undefined) memory.look = look;
    return withLook(seen, look);
  }

  async function look(seen: Snapshot): Promise<Look | undefined> {
    if (seen.state.labels.current === undefined || !policy.hasFleet) return undefined;
    const found = await observeServers(seen, target.servers);
    return toLook(found, wantedIn(seen.state, policy, now), now, memory.look);
  }
}

/** A refusal, followed by the current state. */
function refusal(refused: Plan, { at, why }: Plan): Plan {
  const both = refused.why === why ? why : `${refused.why} ${why}`;
  return { ...refused, why: both, ...(at !== undefined && { at }) };
}

function wantedIn(state: RotationState, policy: Policy, now: number): Wanted {
  return wantedOf(toInput(state, policy, now, state.labels.current ?? ''));
}

function withLook(seen: Snapshot, look: Look | undefined): Snapshot {
  return look === undefined ? seen : { ...seen, state: { ...seen.state, look } };
}

async function probe(seen: Snapshot, version: string, { servers }: Rotated): Promise<Snapshot> {
  const secret = seen.secrets.get(version);
  if (secret === undefined || servers === undefined) return seen;
  return { ...seen, state: { ...seen.state, probe: await servers.probe(secret) } };
}

/** A target that could not be looked at: the others go on. */
function toOutcome(error: unknown): Outcome {
  return { report: failedReport(nameOf(error)), done: [], error };
}

/** Only the error's name: the message is foreign text, and a report must hold no secret. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'something that is not an error was thrown';
}
