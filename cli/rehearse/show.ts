import type { Rehearsal, Stretch } from './rehearse.ts';

/** The stretches of a rehearsal as a table, with times in the reader's time zone. */
export function tableOf(name: string, rehearsal: Rehearsal, timeZone: string): string {
  const rows = rehearsal.stretches
    .filter(({ from, to }) => to > from)
    .map(({ phase, reason, from, to }) => [timeOf(from, timeZone), phase, reason, durationOf(to - from)]);
  const all = [['FROM', 'PHASE', 'WAITS FOR', 'FOR'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const { from = 0 } = rehearsal.stretches[0] ?? {};
  const { to = 0 } = rehearsal.stretches.at(-1) ?? {};
  const end = rehearsal.ended ? `ends after ${durationOf(to - from)}` : 'does not end';
  return [
    `${name}: ${end}; ${rehearsal.connections} connections tried, ${rehearsal.refused} refused; ${rehearsal.reloads} reloads`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}

const COLOURS: Readonly<Record<string, string>> = {
  announced: '#7aa7d9',
  pushing: '#e0a458',
  promoted: '#7fb58a',
  steady: '#b8bfc8',
};
const [WIDTH, ROW, LEFT] = [900, 46, 120];

/** The rehearsals as one SVG 1.1 picture: a bar for each target, a colour for each phase. */
export function timelineOf(rehearsals: Readonly<Record<string, Rehearsal>>, timeZone: string): string {
  const entries = Object.entries(rehearsals);
  const all = entries.flatMap(([, { stretches }]) => stretches);
  const from = Math.min(...all.map((stretch) => stretch.from));
  const to = Math.max(...all.map((stretch) => stretch.to), from + 1);
  const x = (at: number): number => LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - 20);
  const bars = entries.map(([name, { stretches, refused }], index) => {
    const y = 40 + index * ROW;
    const label = `<text x="8" y="${y + 16}">${escape(name)}</text>`;
    const note = `<text x="8" y="${y + 30}" class="note">${refused} refused</text>`;
    return [label, note, ...stretches.map((stretch) => barOf(stretch, x, y))].join('\n');
  });
  const height = 40 + entries.length * ROW + 30;
  const axis = [from, from + (to - from) / 2, to].map(
    (at, index) =>
      `<text x="${x(at).toFixed(1)}" y="${height - 10}" class="note" text-anchor="${['start', 'middle', 'end'][index]}">${escape(timeOf(at, timeZone))}</text>`,
  );
  const legend = Object.entries(COLOURS).map(
    ([phase, colour], index) =>
      `<rect x="${LEFT + index * 120}" y="10" width="12" height="12" fill="${colour}"/><text x="${LEFT + 18 + index * 120}" y="20" class="note">${phase}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Phases of the rotation of each target">`,
    '<style>text{font:13px sans-serif;fill:#1f2933}.note{font-size:11px;fill:#52606d}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...legend,
    ...bars,
    ...axis,
    '</svg>',
    '',
  ].join('\n');
}

function barOf({ phase, reason, from, to }: Stretch, x: (at: number) => number, y: number): string {
  const width = Math.max(1, x(to) - x(from)).toFixed(1);
  const title = escape(`${phase}: ${reason}, ${durationOf(to - from)}`);
  const colour = COLOURS[phase] ?? '#d98c8c';
  return `<rect x="${x(from).toFixed(1)}" y="${y}" width="${width}" height="24" fill="${colour}"><title>${title}</title></rect>`;
}

function timeOf(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at * 1000);
}

function durationOf(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  const parts = [
    days > 0 ? `${days} d` : '',
    hours > 0 ? `${hours} h` : '',
    minutes % 60 > 0 ? `${minutes % 60} min` : '',
  ];
  return parts.filter((part) => part !== '').join(' ') || '0 min';
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
