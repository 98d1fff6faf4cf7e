/** The value below which a share of the values lies, between 0 and 1; `NaN` of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Each round's value over the floor's of the same round, so that what slows the machine down slows both. */
export function ratios(values: readonly number[], floor: readonly number[]): readonly number[] {
  return values.map((value, index) => value / (floor[index] ?? Number.NaN));
}

/** A median with the quartiles around it, as text. */
export function withSpread(values: readonly number[], digits = 2): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(digits));
  return `${middle} (${low}–${high})`;
}
