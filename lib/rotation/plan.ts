import { answer, NOTHING_TO_ABORT } from './asked.ts';
import { untilNodesHold, untilProbed } from './nodes-in-line.ts';
import type { Observed } from './observed.ts';
import type { Policy } from './policy.ts';
import { endEmergency, repairLabels } from './repair-labels.ts';
import { aborted, aim, announcedUntil, drop, mark, wait, type Situation } from './situation.ts';
import type { Plan } from './step.ts';

/**
 * The next step of one target's rotation: pure and total. An issuer signs each token set with the current version and
 * one fallback (pending, else previous), so everything here keeps two things true: what the servers are told to hold is in
 * every live token set, and what they may still hold stays in the ring.
 */
export function plan(observed: Observed, policy: Policy, now: number): Plan {
  const { current, pending, previous, servers } = observed.labels;
  if (current === undefined) {
    if (observed.asked === 'abort')
      return { phase: 'empty', step: { kind: 'refuse' }, why: NOTHING_TO_ABORT };
    return { phase: 'empty', step: { kind: 'create' }, why: 'The secret has no value yet.' };
  }
  const usablePending = pending !== undefined && observed.versions[pending]?.problem === undefined;
  const situation: Situation = {
    observed,
    policy,
    now,
    current,
    pending: usablePending && pending !== current ? pending : undefined,
    previous: previous === current ? undefined : previous,
    servers,
  };
  return (
    answer(situation) ??
    endEmergency(situation) ??
    repairLabels(situation) ??
    (servers === current
      ? whenServersHoldCurrent(situation)
      : servers === situation.pending
        ? whenServersHoldPending(situation)
        : whenServersHoldPrevious(situation))
  );
}

/** Steady, promoted, announced, or an abort on its way back. */
function whenServersHoldCurrent(situation: Situation): Plan {
  const { observed, policy, now, current, pending, previous } = situation;
  const { announced, servers, promoted, aborted: abort } = observed.marks;
  if (pending !== undefined && announced?.version !== pending) return mark(situation, 'announced', pending);
  if (servers?.version !== current) return mark(situation, 'servers', current);
  const stop = untilNodesHold(situation);
  if (stop) return stop;
  if (previous !== undefined) {
    if (promoted?.version !== current) return mark(situation, 'promoted', current);
    const until = Math.max(promoted.at, servers.at) + policy.overlapSeconds;
    if (now < until) return wait(situation, 'The overlap: the old secret stays in every token set.', until);
    return (
      untilProbed(situation, current) ??
      drop(situation, 'AWSPREVIOUS', previous, 'The overlap has passed and every node holds the new secret.')
    );
  }
  if (pending !== undefined && aborted(situation)) {
    const until = Math.max(abort?.at ?? now, servers.at) + policy.overlapSeconds;
    if (now < until)
      return wait(situation, 'Aborting: a late node may still hold the pending secret.', until);
    return (
      untilProbed(situation, current) ??
      drop(situation, 'AWSPENDING', pending, 'Aborted, and every node holds the current secret.')
    );
  }
  if (pending !== undefined) {
    const due = announcedUntil(situation, pending) ?? now;
    if (now < due) return wait(situation, 'Tokens live that have no twin under the pending secret.', due);
    return aim(situation, pending, 'Every live token has its twin.');
  }
  const forgotten = announced !== undefined && announced.version !== current;
  if (forgotten)
    return {
      phase: 'steady',
      step: { kind: 'unmark', mark: 'announced' },
      why: 'It is not pending any more.',
    };
  return wait(situation, 'Nothing is due before the next start.');
}

/** Pushing, or an abort that has yet to turn the servers round. */
function whenServersHoldPending(situation: Situation): Plan {
  const { current, servers: pending = '' } = situation;
  if (aborted(situation))
    return aim(situation, current, 'Aborting: the servers go back to the current secret.');
  return (
    untilNodesHold(situation) ??
    untilProbed(situation, pending) ?? {
      phase: 'pushing',
      step: { kind: 'promote', from: current, to: pending },
      why: 'Every node holds the pending secret.',
    }
  );
}

/** An operator changed the current secret by hand: the servers stay where every live token works, until the new one is in each. */
function whenServersHoldPrevious(situation: Situation): Plan {
  const { observed, now, current } = situation;
  const problem = observed.versions[current]?.problem;
  if (problem === undefined && observed.marks.announced?.version !== current)
    return mark(situation, 'announced', current);
  const stop = untilNodesHold(situation);
  if (stop) return stop;
  if (problem !== undefined)
    return wait(situation, `The current secret ${problem}: it is not brought to the servers.`);
  const due = announcedUntil(situation, current) ?? now;
  if (now < due)
    return wait(situation, 'The secret was changed by hand, and tokens live that do not know it.', due);
  return aim(situation, current, 'The secret was changed by hand, and every live token knows it by now.');
}
