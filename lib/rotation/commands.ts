import { announcedUntil, createdAt, doStep, isAborted, phaseOf, type RuleInput } from './input.ts';
import type { Reason } from './reasons.ts';
import type { Command } from './state.ts';
import type { Plan } from './step.ts';
import { waitsOf } from './policy.ts';
import { isLengthSettled } from './token-length.ts';

/** The plan for an operator's command, or its refusal; `undefined` if there is no command. */
export function answerCommand(input: RuleInput): Plan | undefined {
  const { command } = input.state;
  return command && answers[command](input);
}

const answers: Readonly<Record<Command, (input: RuleInput) => Plan>> = {
  start(input) {
    const { state, policy, current, pending } = input;
    const phase = phaseOf(input);
    const problem = state.versions[current]?.problem;
    const confirms = !policy.hasFleet && state.serversFollow === true;
    if (confirms && (phase === 'announced' || phase === 'bypassed' || phase === 'promoted')) {
      const version = phase === 'announced' ? (pending ?? current) : current;
      return doStep(input, { kind: 'mark', mark: 'confirmed', version }, 'servers_confirmed');
    }
    if (phase !== 'steady') return refuse(input, 'rotation_under_way', `The phase is ${phase}.`);
    if (problem !== undefined)
      return refuse(input, 'secret_invalid', `The current version ${current} ${problem}.`);
    if (!policy.hasFleet && !confirms) return refuse(input, 'no_fleet');
    return doStep(input, { kind: 'announce', confirmed: confirms }, 'start_requested');
  },

  emergency(input) {
    const { state, policy, now, current } = input;
    const { emergency } = state.marks;
    if (emergency?.version === current && now < emergency.at + policy.keyRingMaxAge)
      return refuse(input, 'emergency_just_done');
    return doStep(input, { kind: 'replace' }, 'emergency_requested');
  },

  abort(input) {
    const { policy, now, current, pending, previous, servers } = input;
    if (pending === undefined || (servers !== current && servers !== pending)) {
      return refuse(input, previous === undefined ? 'nothing_to_abort' : 'too_late_to_abort');
    }
    if (isAborted(input)) return refuse(input, 'aborting_already');
    // An invocation that began just before may already be telling the servers to change. So the pending version can be
    // removed at once only if that change is not due soon. Invocations may know different token lengths for a while, so the
    // earliest date counts: that with the shortest tokens.
    const waits = isLengthSettled(input) ? input.waits : waitsOf(policy, 0);
    const due = announcedUntil(input, pending, waits);
    const isEarly = due === undefined || now < due - policy.clockSkew;
    const step =
      servers === current && isEarly
        ? ({ kind: 'drop', label: 'AWSPENDING', version: pending } as const)
        : ({ kind: 'mark', mark: 'aborted', version: pending } as const);
    return doStep(input, step, 'abort_requested');
  },
};

function refuse(input: RuleInput, reason: Reason, detail?: string): Plan {
  return doStep(input, { kind: 'refuse' }, reason, detail);
}

/** Starts a rotation if the secret has reached its maximum age. Without a fleet only an operator can start one. */
export function startWhenDue(input: RuleInput): Plan | undefined {
  const { policy, now, current } = input;
  if (policy.everySeconds === undefined || !policy.hasFleet || phaseOf(input) !== 'steady') return undefined;
  if (now < createdAt(input, current) + policy.everySeconds) return undefined;
  return doStep(input, { kind: 'announce', confirmed: false }, 'secret_due');
}
