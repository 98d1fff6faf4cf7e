import { element } from './dom.ts';
import type { TargetReport } from './rotation-report.ts';
import { duration, timeOfDay } from './words.ts';

/** The phases that follow each other in a rotation, and what happens in each. */
const phases = [
  [
    'announced',
    'Announced',
    'Each new token comes with a fallback token, signed with the new secret. Servers still hold the old one.',
  ],
  [
    'pushing',
    'Pushing',
    'One node after another takes the new secret. Where one token is refused, the other is accepted.',
  ],
  ['promoted', 'Promoted', 'The new secret signs. The old one stays as the fallback for a while.'],
  ['steady', 'Done', 'One secret again, the same everywhere.'],
] as const;

type PhaseName = (typeof phases)[number][0];

/** When each phase of the rotation that is watched was first seen, in epoch milliseconds. */
export type Seen = ReadonlyMap<string, number>;

/** Notes a phase; a rotation that begins forgets the one before it. */
export function noteSeen(seen: Seen, phase: string, now: number): Seen {
  const begins = phase === 'announced' && seen.has('steady');
  // A steady state is the end of a rotation only where one was seen.
  if (phase === 'steady' && seen.size === 0) return seen;
  const known = begins ? new Map<string, number>() : seen;
  return known.has(phase) ? known : new Map(known).set(phase, now);
}

/** The timeline's entries: what is over and when it began, what goes on, and when the next one is due. */
export function timelineEntries({ phase, next }: TargetReport, seen: Seen, now: number): HTMLLIElement[] {
  const order = phases.map(([name]) => name);
  const at = order.indexOf(phase as PhaseName);
  const idle = phase === 'steady' && seen.size === 0;
  return phases.map(([name, label, explanation], index) => {
    const isNow = !idle && name === phase && phase !== 'steady';
    const isDone = !idle && (index < at || (name === 'steady' && phase === 'steady'));
    const entry = element(
      'li',
      isNow ? 'now' : isDone ? 'done' : '',
      element('span', 'phase', label),
      element('span', 'when', whenOf(name, index - at, { seen, next, now, idle })),
      element('p', 'quiet', explanation),
    );
    if (isNow) entry.setAttribute('aria-current', 'step');
    return entry;
  });
}

interface Moment {
  readonly seen: Seen;
  readonly next: TargetReport['next'];
  readonly now: number;
  readonly idle: boolean;
}

function whenOf(name: PhaseName, distance: number, { seen, next, now, idle }: Moment): string {
  if (idle) return '';
  const since = seen.get(name);
  if (distance <= 0) return since === undefined ? '' : timeOfDay(since);
  if (distance > 1 || next.at === undefined) return '';
  const due = Date.parse(next.at);
  return `due ${timeOfDay(due)}, in ${duration((due - now) / 1000)}`;
}
