/** What the simulation does to a rotation. A run goes on until each of them has happened. */
export const HARDSHIPS = {
  throttled: 'calls throttled, failed or dropped',
  killed: 'runs killed between two calls',
  lost: 'events lost',
  doubled: 'events delivered twice',
  overlapping: 'runs begun during the reload of another',
  failedReloads: 'reloads failed',
  restoredBackups: 'backups of a config file put back',
  crashedNodes: 'nodes crashed',
  unreachableNodes: 'nodes out of reach for a while',
  aborts: 'aborts before the servers changed',
  turnedBack: 'aborts while the servers changed',
  changesByHand: 'secrets put by hand',
  invalidSecrets: 'secrets by hand that no server can hold',
  shorterTokens: 'configurations with shorter tokens and a node less, during a rotation',
  longerTokens: 'configurations with longer tokens and a node more, during a rotation',
} as const;
export type Hardship = keyof typeof HARDSHIPS;

/** How often each has happened. */
export type HardshipCounts = Record<Hardship, number>;

/** The sums of several counts. */
export function sumOf(all: readonly HardshipCounts[]): HardshipCounts {
  const names = Object.keys(HARDSHIPS) as Hardship[];
  return Object.fromEntries(
    names.map((name) => [name, all.reduce((sum, counts) => sum + counts[name], 0)]),
  ) as HardshipCounts;
}
