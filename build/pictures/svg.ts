/** A point of a picture. */
export type Point = readonly [x: number, y: number];

/**
 * The colours follow the reader's scheme; each picture has a ground of its own, so that it can be read on any page.
 * A phone shows a picture at half its size.
 */
const STYLE = `
text { font: 15px system-ui, sans-serif; fill: #1f2937 }
.small { font-size: 13px; fill: #4b5563 }
.bold { font-weight: 600 }
.ground { fill: #ffffff }
.area { fill: #f3f4f6 }
.box { fill: #ffffff; stroke: #9ca3af }
.main { fill: #e0f2ec; stroke: #1f7a4d }
.one { fill: #bcd7f5; stroke: #4478b4 }
.two { fill: #bfe5cd; stroke: #2f8a58 }
.none { fill: none; stroke: #9ca3af; stroke-dasharray: 4 3 }
.line { fill: none; stroke: #4b5563; stroke-width: 1.5; marker-end: url(#head) }
.head { fill: #4b5563 }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb }
  .small { fill: #b6bdc8 }
  .ground { fill: #15181d }
  .area { fill: #1e232a }
  .box { fill: #2a303a; stroke: #6b7280 }
  .main { fill: #17382a; stroke: #58b384 }
  .one { fill: #244266; stroke: #6ea2dd }
  .two { fill: #1d4a32; stroke: #58b384 }
  .line { stroke: #b6bdc8 }
  .head { fill: #b6bdc8 }
}`;

/** A picture as SVG text; `title` says what it shows, for people who cannot see it. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** A rounded rectangle; `kind` is its class in the style sheet. */
export function rectangle(kind: string, [x, y]: Point, width: number, height: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="5"/>`;
}

/** Lines of text, the first one bold, in the middle of a rectangle. */
export function box(
  kind: string,
  [x, y]: Point,
  width: number,
  height: number,
  lines: readonly string[],
): string {
  const top = y + height / 2 - (lines.length - 1) * 9 + 5;
  return [
    rectangle(kind, [x, y], width, height),
    ...lines.map((line, index) =>
      label([x + width / 2, top + index * 18], line, { kind: index === 0 ? 'bold' : 'small', at: 'middle' }),
    ),
  ].join('\n');
}

/** One line of text; `at` says which part of it stands at the point. */
export function label(
  [x, y]: Point,
  text: string,
  { kind = 'small', at = 'start' }: { readonly kind?: string; readonly at?: 'start' | 'middle' | 'end' } = {},
): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${at}">${escape(text)}</text>`;
}

/** A line with a head at its last point. */
export function arrow(...points: readonly Point[]): string {
  return `<path class="line" d="M${points.map((point) => point.join(' ')).join(' L')}"/>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
