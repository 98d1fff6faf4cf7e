import { createdAt, drop, invalid, restore, retarget, type RuleInput } from './input.ts';
import type { Plan } from './step.ts';

/** After an emergency no older version stays in the ring, so that tokens signed with the leaked secret are refused. */
export function endEmergency(input: RuleInput): Plan | undefined {
  const { state, current, previous } = input;
  const { emergency } = state.marks;
  if (emergency?.version !== current) return undefined;
  const { pending } = state.labels;
  if (pending !== undefined && pending !== current && createdAt(input, pending) <= emergency.at) {
    return drop(input, 'AWSPENDING', pending, 'emergency_ends_old');
  }
  if (previous === undefined) return undefined;
  return drop(input, 'AWSPREVIOUS', previous, 'emergency_ends_old');
}

/** Repairs labels in a state that no rotation leaves: an operator changed them, or a rotation was interrupted. */
export function repairLabels(input: RuleInput): Plan | undefined {
  const { state, policy, waits, now, current, pending, previous, servers } = input;
  const { marks, labels, versions } = state;
  if (labels.pending === current) return drop(input, 'AWSPENDING', current, 'pending_is_current');
  const problem = versions[current]?.problem;
  if (problem !== undefined && servers === current) return invalid(input, current, problem);
  if (servers === undefined) {
    // Only after our own promotion is it certain that the servers hold the current one of the two.
    const ours = previous === undefined || pending !== undefined || marks.promoted?.version === current;
    return retarget(input, ours ? current : previous, 'servers_unlabelled');
  }
  if (pending !== undefined && pending === previous) {
    return drop(input, 'AWSPENDING', pending, 'rolled_back');
  }
  const isKeptKey = policy.keepsPrevious && marks.promoted?.version === current;
  if (pending !== undefined && previous !== undefined && servers !== current && !isKeptKey) {
    return servers === pending
      ? restore(input, previous, 'current_changed')
      : drop(input, 'AWSPENDING', pending, 'current_changed');
  }
  if ([current, pending, previous].includes(servers)) return undefined;
  if (previous === undefined) return retarget(input, current, 'servers_version_gone');
  const inEveryToken = createdAt(input, previous) + waits.announceSeconds <= now;
  return inEveryToken
    ? retarget(input, previous, 'servers_version_gone')
    : restore(input, previous, 'servers_version_gone');
}
