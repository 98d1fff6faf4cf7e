import { doStep, type RuleInput } from './input.ts';
import { waitsOf } from './policy.ts';
import type { MarkName } from './state.ts';
import type { Plan } from './step.ts';

/**
 * Records the longest token that may be live. A longer one counts at once. A shorter one counts only when all tokens of the
 * previous configuration have expired, so that a wait never ends before the tokens it waits for.
 */
export function recordTokenLength(input: RuleInput): Plan | undefined {
  const { state, policy, now } = input;
  const { longest, shorter } = state.marks;
  const record = (name: MarkName): Plan =>
    doStep(input, { kind: 'mark', mark: name, version: String(policy.longestToken) }, 'token_length_changed');
  const recorded = Number(longest?.version);
  if (longest === undefined || !(recorded >= policy.longestToken)) return record('longest');
  if (recorded === policy.longestToken) {
    if (shorter === undefined) return undefined;
    return doStep(input, { kind: 'unmark', mark: 'shorter' }, 'note_outdated');
  }
  if (shorter === undefined || Number(shorter.version) !== policy.longestToken) return record('shorter');
  // The functions of a deployment change within minutes of each other. The maximum age of a ring is longer than that.
  const tokensGone = shorter.at + policy.keyRingMaxAge + waitsOf(policy, recorded).tokensGoneSeconds;
  return now >= tokensGone ? record('longest') : undefined;
}

/** Whether the length of tokens has been the same for so long that every invocation uses it. */
export function isLengthSettled({ state, policy, now }: RuleInput): boolean {
  const { longest } = state.marks;
  return (
    longest !== undefined &&
    Number(longest.version) === policy.longestToken &&
    now >= longest.at + policy.slack + policy.clockSkew
  );
}
