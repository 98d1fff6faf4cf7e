import { aim, createdAt, drop, restore, wait, type Situation } from './situation.ts';
import type { Plan } from './step.ts';

/** After an emergency nothing that is older stays in the ring: live tokens of the leaked secret are meant to die. */
export function endEmergency(situation: Situation): Plan | undefined {
  const { observed, current, previous } = situation;
  const { emergency } = observed.marks;
  if (emergency?.version !== current) return undefined;
  const { pending } = observed.labels;
  if (pending !== undefined && pending !== current && createdAt(situation, pending) <= emergency.at) {
    return drop(situation, 'AWSPENDING', pending, 'It is older than the emergency.');
  }
  if (previous === undefined) return undefined;
  return drop(situation, 'AWSPREVIOUS', previous, 'The secret before the emergency is given up.');
}

/** Labels as no rotation leaves them: an operator's own change, or a rotation's remains. */
export function repairLabels(situation: Situation): Plan | undefined {
  const { observed, policy, now, current, pending, previous, servers } = situation;
  const { marks, labels, versions } = observed;
  if (labels.pending === current) return drop(situation, 'AWSPENDING', current, 'It is current now.');
  if (versions[current]?.problem !== undefined && servers === current) {
    return wait(
      situation,
      `The current secret ${versions[current].problem}: put a proper one, or start with emergency.`,
    );
  }
  if (servers === undefined) {
    // Only after a promotion of ours do the servers surely hold the current one of two.
    const ours = previous === undefined || pending !== undefined || marks.promoted?.version === current;
    return aim(situation, ours ? current : previous, 'No version is labelled for the servers yet.');
  }
  if (pending !== undefined && pending === previous) {
    return drop(situation, 'AWSPENDING', pending, 'An operator rolled back: it is not promoted again.');
  }
  if (pending !== undefined && previous !== undefined && servers !== current) {
    const why =
      'An operator changed the current secret, so the one that the servers hold must be the fallback.';
    return servers === pending
      ? restore(situation, previous, why)
      : drop(situation, 'AWSPENDING', pending, why);
  }
  if ([current, pending, previous].includes(servers)) return undefined;
  const why = 'The version labelled for the servers is in no token any more.';
  if (previous === undefined) return aim(situation, current, why);
  const inEveryToken = createdAt(situation, previous) + policy.announceSeconds <= now;
  return inEveryToken ? aim(situation, previous, why) : restore(situation, previous, why);
}
