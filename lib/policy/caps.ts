import { isJsonObject } from '../jws/compact.ts';

/** What a rule may cap. The callbacks count, so a server that verifies tokens itself cannot be capped. */
export interface Caps {
  /** Most streams of one user on the target at one time. */
  readonly concurrent?: number;
  /** Most streams that one token opens. */
  readonly uses?: number;
}

/** The claim with a token's caps, for the callbacks. */
export const CAPS_CLAIM = 'caps';
/** The largest cap. Each stream takes an item of the table. */
export const LARGEST_CAP = 20;

/** The caps of a verified token. A claim that cannot be read allows no stream. */
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
  const { concurrent = Infinity, uses = Infinity } = other;
  const atOnce = one.concurrent ?? Infinity;
  return atOnce === concurrent ? (one.uses ?? Infinity) > uses : atOnce > concurrent;
}
