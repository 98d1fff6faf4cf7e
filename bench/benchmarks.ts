/** The program of each part of docs/performance.md, with its arguments. */
export const BENCHMARKS: Readonly<Record<string, readonly string[]>> = {
  exchange: ['exchange.ts', '--chart', 'docs/performance-exchange.svg'],
  'cold-start': ['cold-start.ts', '--chart', 'docs/performance-cold.svg'],
  surge: ['surge.ts'],
  growth: ['growth.ts'],
  'worst-requests': ['worst-requests.ts'],
  callback: ['callback.ts'],
  fleet: ['fleet.ts'],
  sustained: ['sustained.ts'],
  video: ['video.ts'],
};
