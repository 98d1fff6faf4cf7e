import { answerCommand, startWhenDue } from './commands.ts';
import {
  announcedUntil,
  doStep,
  drop,
  isAborted,
  isKept,
  mark,
  overlapEnds,
  retarget,
  toInput,
  unconfirmed,
  wait,
  type RuleInput,
} from './input.ts';
import { keepNodesInLine, pushEmergency, untilNodesHold, untilProbed } from './nodes.ts';
import type { Policy } from './policy.ts';
import { sentence } from './reasons.ts';
import { endEmergency, repairLabels } from './repair-labels.ts';
import type { RotationState } from './state.ts';
import type { Plan } from './step.ts';
import { recordTokenLength } from './token-length.ts';
import { opensAt } from './window.ts';

/** Returns a plan if something has to be done or waited for; `undefined` if the next rule decides. */
type Rule = (input: RuleInput) => Plan | undefined;

/**
 * The whole rotation: the first rule that returns a plan decides. An issuer signs each token set with the current version and
 * one fallback (pending, else previous). So the rules keep two things true: every live token set has a token for the version
 * that the servers are told to hold, and a version that a server may still hold stays in the ring.
 */
const RULES: readonly Rule[] = [
  // What somebody asked for.
  answerCommand,
  // Records and labels.
  recordTokenLength,
  endEmergency,
  repairLabels,
  pushEmergency,
  recordDates,
  // The fleet.
  startWhenDue,
  keepNodesInLine,
  // One rule a phase.
  whilePromoted,
  whileAborting,
  whileAnnounced,
  whilePushing,
  whileBypassed,
  whileSteady,
];

/** The next step of one target's rotation: pure and total. @param now epoch seconds */
export function plan(state: RotationState, policy: Policy, now: number): Plan {
  const { current } = state.labels;
  if (current === undefined) return whileEmpty(state);
  const input = toInput(state, policy, now, current);
  for (const rule of RULES) {
    const decided = rule(input);
    if (decided !== undefined) return decided;
  }
  return wait(input, 'nothing_due');
}

/** The secret has no version yet. An abort creates none. */
function whileEmpty({ command }: RotationState): Plan {
  const isAbort = command === 'abort';
  const reason = isAbort ? 'nothing_to_abort' : 'secret_missing';
  const step = { kind: isAbort ? 'refuse' : 'create' } as const;
  return { phase: 'empty', step, reason, why: sentence(reason) };
}

/** Records when a waiting period began, before anything relies on it. */
function recordDates(input: RuleInput): Plan | undefined {
  const { state, current, pending, previous, servers } = input;
  const { announced, servers: told, promoted } = state.marks;
  if (servers === current) {
    if (pending !== undefined && announced?.version !== pending) return mark(input, 'announced', pending);
    if (told?.version !== current) return mark(input, 'servers', current);
    if (previous !== undefined && promoted?.version !== current) return mark(input, 'promoted', current);
  } else if (servers !== pending && state.versions[current]?.problem === undefined) {
    if (announced?.version !== current) return mark(input, 'announced', current);
  }
  return undefined;
}

/** The old secret stays until the overlap has passed, every node holds the new one, and a real connection worked. */
function whilePromoted(input: RuleInput): Plan | undefined {
  const { now, current, previous, servers } = input;
  if (servers !== current || previous === undefined || isKept(input)) return undefined;
  const until = overlapEnds(input) ?? Infinity;
  if (now < until) return wait(input, 'overlap', { at: until });
  return (
    unconfirmed(input, current) ??
    untilNodesHold(input) ??
    untilProbed(input, current) ??
    drop(input, 'AWSPREVIOUS', previous, 'overlap_over')
  );
}

/** The servers go back to the current secret. The pending one then stays as long as a late node may hold it. */
function whileAborting(input: RuleInput): Plan | undefined {
  const { state, waits, now, current, pending, servers } = input;
  if (pending === undefined || !isAborted(input)) return undefined;
  if (servers === pending) return retarget(input, current, 'abort_turns_back');
  if (servers !== current) return undefined;
  const { aborted, servers: told } = state.marks;
  const until = Math.max(aborted?.at ?? now, told?.at ?? now) + waits.overlapSeconds;
  if (now < until) return wait(input, 'aborting', { at: until });
  return (
    untilNodesHold(input) ??
    untilProbed(input, current) ??
    drop(input, 'AWSPENDING', pending, 'abort_complete')
  );
}

/** The servers get the new secret once every live token has a fallback token for it, in the push window. */
function whileAnnounced(input: RuleInput): Plan | undefined {
  const { now, current, pending, servers } = input;
  if (servers !== current || pending === undefined) return undefined;
  const due = announcedUntil(input, pending) ?? Infinity;
  if (now < due) return wait(input, 'waiting_for_twins', { at: due });
  return unconfirmed(input, pending) ?? untilWindow(input) ?? retarget(input, pending, 'twins_complete');
}

/** The new secret is promoted once every node holds it, and a real connection with it worked. */
function whilePushing(input: RuleInput): Plan | undefined {
  const { current, pending, servers } = input;
  if (pending === undefined || servers !== pending) return undefined;
  return (
    untilNodesHold(input) ??
    untilProbed(input, pending) ??
    doStep(input, { kind: 'promote', from: current, to: pending }, 'nodes_hold_pending')
  );
}

/**
 * An operator changed the current secret. The servers keep the secret that every live token works with, until every live
 * token knows the new one.
 */
function whileBypassed(input: RuleInput): Plan | undefined {
  const { now, current, servers } = input;
  if (servers === current) return undefined;
  const due = announcedUntil(input, current) ?? now;
  if (now < due) return wait(input, 'changed_by_hand', { at: due });
  return unconfirmed(input, current) ?? untilWindow(input) ?? retarget(input, current, 'hand_change_known');
}

/** Nothing to do, except to remove a record of an earlier rotation. */
function whileSteady(input: RuleInput): Plan | undefined {
  const { state, policy, current } = input;
  const { announced } = state.marks;
  if (announced !== undefined && announced.version !== current)
    return doStep(input, { kind: 'unmark', mark: 'announced' }, 'note_outdated');
  if (!policy.hasFleet) return wait(input, 'no_fleet');
  const { everySeconds } = policy;
  if (everySeconds === undefined) return wait(input, 'rotation_manual');
  const createdAt = state.versions[current]?.createdAt;
  return wait(input, 'nothing_due', createdAt === undefined ? {} : { at: createdAt + everySeconds });
}

/** A push restarts servers, so it begins in the window. */
function untilWindow(input: RuleInput): Plan | undefined {
  const { policy, now } = input;
  if (policy.window === undefined) return undefined;
  const opens = opensAt(policy.window, now);
  return opens === now ? undefined : wait(input, 'outside_window', opens === undefined ? {} : { at: opens });
}
