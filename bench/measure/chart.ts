/** A bar chart: for each name one bar a series. */
export interface BarChart {
  readonly title: string;
  readonly series: readonly string[];
  readonly bars: readonly {
    readonly name: string;
    /** One for each series; `NaN` draws none. */
    readonly values: readonly number[];
    readonly emphasised: boolean;
  }[];
}

const WIDTH = 760;
const LEFT = 230;
const RIGHT = 60;
const TOP = 64;
const BAR = 13;
const GAP = 12;
/** Legible on white and on black: a page may be shown in either. */
const INK = '#7a7f87';
const FILLS = [
  { plain: '#9aa7b8', emphasised: '#1f7a4d' },
  { plain: '#cdd5df', emphasised: '#66b88f' },
];

/** A chart as SVG text, with the values written beside the bars. */
export function barChart({ title, series, bars }: BarChart): string {
  const rowHeight = series.length * BAR + GAP;
  const height = TOP + bars.length * rowHeight + GAP;
  const largest = Math.max(...bars.flatMap(({ values }) => values.filter(Number.isFinite)));
  const scale = (WIDTH - LEFT - RIGHT) / largest;
  const legend = series.map((name, index) => {
    const x = LEFT + index * 150;
    return `<rect x="${x}" y="38" width="12" height="12" fill="${fillOf(index, false)}"/><text x="${x + 18}" y="49">${escape(name)}</text>`;
  });
  const rows = bars.map(({ name, values, emphasised }, row) => {
    const y = TOP + row * rowHeight;
    const label = `<text x="${LEFT - 10}" y="${y + (series.length * BAR) / 2 + 5}" text-anchor="end"${emphasised ? ' font-weight="bold"' : ''}>${escape(name)}</text>`;
    const drawn = values.map((value, index) => {
      if (!Number.isFinite(value)) return '';
      const top = y + index * BAR;
      const width = value * scale;
      return `<rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${BAR - 1}" fill="${fillOf(index, emphasised)}"/><text x="${(LEFT + width + 6).toFixed(1)}" y="${top + BAR - 2}">${value.toFixed(2)}</text>`;
    });
    return [label, ...drawn].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">
<title>${escape(title)}</title>
<text x="10" y="22" font-size="15" font-weight="bold">${escape(title)}</text>
${[...legend, ...rows].join('\n')}
</svg>
`;
}

function fillOf(series: number, emphasised: boolean): string {
  const fill = FILLS[series % FILLS.length];
  return (emphasised ? fill?.emphasised : fill?.plain) ?? INK;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
