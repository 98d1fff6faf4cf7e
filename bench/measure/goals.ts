import { PEERS, STREAMPASS } from '../contestants.ts';
import { median, withSpread } from './statistics.ts';

/** A goal of streampass. */
export interface Goal {
  readonly what: string;
  /** Most, as a multiple of the floor. */
  readonly limit: number;
  /** Each round's multiple of the floor of one contestant; none if it took no part. */
  readonly ratiosOf: (contestant: string) => readonly number[];
}

/** A Markdown table of goals, and whether each is met: within its limit, and below every peer that does the whole job. */
export function goalsTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, limit, ratiosOf }) => {
    const own = ratiosOf(STREAMPASS.name);
    const peers = PEERS.filter(({ remembersClaims }) => remembersClaims !== true)
      .map(({ name }) => median(ratiosOf(name)))
      .filter((ratio) => !Number.isNaN(ratio));
    const least = Math.min(...peers);
    const within = median(own) <= limit;
    const below = peers.length === 0 || median(own) < least;
    const verdict = [
      within ? 'within the limit' : '**above the limit**',
      below ? 'below every peer' : '**not below every peer**',
    ];
    const range = peers.length === 0 ? '—' : `${least.toFixed(1)} to ${Math.max(...peers).toFixed(1)} ×`;
    return `| ${what} | ${limit.toFixed(1)} × | ${withSpread(own)} × | ${range} | ${verdict.join(', ')} |`;
  });
  return [
    '| over the floor | limit | streampass | the peers that do the whole job | |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
