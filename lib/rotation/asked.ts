import type { Asked } from './observed.ts';
import { aborted, announcedUntil, phaseOf, type Situation } from './situation.ts';
import type { Plan } from './step.ts';

/** What somebody asked for, or why it is refused; nothing where nobody asked. */
export function answer(situation: Situation): Plan | undefined {
  const { observed, policy, now, current, pending, previous, servers } = situation;
  const phase = phaseOf(situation);
  const refuse = (why: string): Plan => ({ phase, step: { kind: 'refuse' }, why });
  const answers: Readonly<Record<Asked, () => Plan>> = {
    start() {
      if (phase !== 'steady') return refuse(`A rotation is under way (${phase}): start changed nothing.`);
      const problem = observed.versions[current]?.problem;
      if (problem !== undefined)
        return refuse(`The current secret ${problem}: start with emergency replaces it.`);
      return { phase, step: { kind: 'announce' }, why: 'A new secret is wanted.' };
    },
    emergency() {
      const { emergency } = observed.marks;
      if (emergency?.version === current && now < emergency.at + policy.keyRingMaxAge) {
        return refuse('The secret was replaced in an emergency just now: start changed nothing.');
      }
      return { phase, step: { kind: 'replace' }, why: 'The current secret is said to have leaked.' };
    },
    abort() {
      if (pending === undefined || (servers !== current && servers !== pending)) {
        return refuse(previous === undefined ? NOTHING_TO_ABORT : TOO_LATE);
      }
      if (aborted(situation)) return refuse('The rotation is being aborted already.');
      // An invocation that began just before could be telling the servers to change: only a while before that is due
      // can the pending version go at once.
      const due = announcedUntil(situation, pending);
      if (due === undefined || now < due - policy.clockSkew) {
        return {
          phase,
          step: { kind: 'drop', label: 'AWSPENDING', version: pending },
          why: 'It was asked to abort.',
        };
      }
      return {
        phase,
        step: { kind: 'mark', mark: 'aborted', version: pending },
        why: 'It was asked to abort.',
      };
    },
  };
  return observed.asked && answers[observed.asked]();
}

/** Why an abort is refused where there is nothing to give up. */
export const NOTHING_TO_ABORT = 'No rotation is under way: abort changed nothing.';

const TOO_LATE = 'The new secret is current already: abort changed nothing. Another start replaces it.';
