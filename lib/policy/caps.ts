import { isJsonObject } from '../jws/compact.ts';

/** What a rule may cap. Callbacks count; a server that verifies tokens itself asks nobody and so cannot be capped. */
export interface Caps {
  /** Streams of one user on the target at one time. */
  readonly concurrent?: number;
  /** Streams that one token opens. */
  readonly uses?: number;
}

/** The claim that tells the callbacks a token's caps. */
export const CAPS_CLAIM = 'caps';
/** The largest cap: each is so many items of a table. */
export const LARGEST_CAP = 20;

/** The caps of a verified token. What is there and cannot be read caps everything. */
export function readCaps(claim: unknown): Caps {
  if (claim === undefined) return {};
  const { concurrent, uses } = isJsonObject(claim) ? claim : { concurrent: 0, uses: 0 };
  return {
    ...(concurrent !== undefined && { concurrent: toCap(concurrent) }),
    ...(uses !== undefined && { uses: toCap(uses) }),
  };
}

function toCap(value: unknown): number {
  return typeof value === 'number' && value >= 1 && value <= LARGEST_CAP ? Math.floor(value) : 0;
}

/** The narrower of each cap. */
export function narrowerCaps(one: Caps, other: Caps): Caps {
  const concurrent = Math.min(one.concurrent ?? Infinity, other.concurrent ?? Infinity);
  const uses = Math.min(one.uses ?? Infinity, other.uses ?? Infinity);
  return {
    ...(concurrent < Infinity && { concurrent }),
    ...(uses < Infinity && { uses }),
  };
}

/** Whether `one` allows more than `other`: by streams at one time, then by uses. */
export function isWider(one: Caps, other: Caps): boolean {
  const [a, b] = [one, other].map(({ concurrent = Infinity }) => concurrent) as [number, number];
  return a !== b ? a > b : (one.uses ?? Infinity) > (other.uses ?? Infinity);
}
