import type { ShownReport, ShownTarget } from './report-schema.ts';

/** Where and when the report is read. */
export interface Reader {
  /** IANA name · default: the machine's own time zone. */
  readonly timeZone?: string;
  readonly now: Date;
}

/** The report as text: a table of targets, then what each waits for, its broken nodes and its problems. */
export function formatReport({ targets }: ShownReport, reader: Reader): string {
  const entries = Object.entries(targets);
  if (entries.length === 0) return 'No target is rotated.';
  const rows = entries.map(([name, target]) => [
    name,
    target.phase,
    nodesOf(target),
    target.next.reason,
    target.next.at === undefined ? '' : timeOf(target.next.at, reader),
  ]);
  const table = tableOf([['TARGET', 'PHASE', 'NODES', 'WAITS FOR', 'UNTIL'], ...rows]);
  const details = entries.map(([name, target]) => detailsOf(name, target));
  return [table, ...details].join('\n\n');
}

/** One line on how a rotation stands, for a terminal that is watched. */
export function progressLine({ targets }: ShownReport, reader: Reader): string {
  return Object.entries(targets)
    .map(([name, { phase, next }]) => {
      const until =
        next.at === undefined ? '' : ` until ${timeOf(next.at, reader)}${inWords(next.at, reader)}`;
      return `${name} ${phase}: ${next.reason}${until}`;
    })
    .join(' · ');
}

/** Whether a target's rotation is over, one way or the other. */
export function isOver({ phase }: ShownTarget): boolean {
  return phase === 'steady' || phase === 'empty';
}

/** The exit status for scripts: 2 if something was refused, 3 if the report names a problem, else 0. */
export function exitStatus({ targets }: ShownReport): 0 | 2 | 3 {
  const all = Object.values(targets);
  if (all.some(({ next }) => next.step === 'refuse')) return 2;
  const hasProblem = ({ problems, nodes }: ShownTarget): boolean =>
    problems.length > 0 || nodes.some(({ problem }) => problem !== undefined);
  return all.some(hasProblem) ? 3 : 0;
}

/** How many nodes hold the version that they should. */
function nodesOf(target: ShownTarget): string {
  if (target.nodes.length === 0) return '-';
  const isAhead = target.phase === 'pushing' || target.phase === 'bypassed';
  const wanted = (isAhead ? target.fallback : target.current) ?? '';
  const held = target.nodes.filter(({ holds }) => holds?.split(' ').includes(wanted) === true);
  return `${held.length}/${target.nodes.length}`;
}

function detailsOf(name: string, { current, fallback, nodes, next, problems }: ShownTarget): string {
  const broken = nodes.filter(({ problem, holds }) => problem !== undefined || holds === null);
  return [
    `${name}: ${next.why}`,
    `  current   ${current ?? 'none'}`,
    ...(fallback === undefined ? [] : [`  fallback  ${fallback}`]),
    ...broken.map(
      ({ node, holds, problem }) =>
        `  node      ${node} holds ${holds ?? 'no known secret'}${problem === undefined ? '' : `: ${problem}`}`,
    ),
    ...problems.map((problem) => `  problem   ${problem}`),
  ].join('\n');
}

function timeOf(iso: string, { timeZone, now }: Reader): string {
  const at = new Date(iso);
  const isSoon = Math.abs(at.getTime() - now.getTime()) < 12 * 3600_000;
  return new Intl.DateTimeFormat('en-GB', {
    ...(timeZone !== undefined && { timeZone }),
    ...(!isSoon && { weekday: 'short', day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);
}

function inWords(iso: string, { now }: Reader): string {
  const minutes = Math.ceil((new Date(iso).getTime() - now.getTime()) / 60_000);
  if (minutes <= 0) return '';
  return minutes < 120 ? ` (in ${minutes} min)` : ` (in ${Math.round(minutes / 60)} h)`;
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
