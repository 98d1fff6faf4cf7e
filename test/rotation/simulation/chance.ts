/** Reproducible chance: the same seed gives the same numbers. */
export interface Chance {
  /** From 0 (included) to 1. */
  number(): number;
  /** Whether something of this probability happens. */
  happens(probability: number): boolean;
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** Another stream, which does not depend on how far this one is. */
  stream(name: string): Chance;
}

/** The generator mulberry32, seeded by any text. */
export function chanceOf(seed: string): Chance {
  let state = 0;
  for (const character of seed) state = (Math.imul(state, 31) + character.charCodeAt(0)) | 0;
  const number = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    number,
    happens: (probability) => number() < probability,
    below: (below) => Math.floor(number() * below),
    stream: (name) => chanceOf(`${seed}/${name}`),
  };
}
