import type { Fault } from '../../../local/secrets-manager/faults.ts';
import type { Chance } from './chance.ts';

/** What goes wrong between the functions and Secrets Manager. */
export interface Trouble {
  /** For the endpoint: what happens to the next call. */
  faults(): Fault | undefined;
  /** From now on this part of the calls goes wrong. */
  setRate(rate: number): void;
  /** After so many calls the run has died: nothing that it still sends arrives. Until `undefined`. */
  crashAfter(calls: number | undefined): void;
  /** Calls that went wrong. */
  count(): number;
  /** Whether a run has died since `crashAfter`. */
  hasKilled(): boolean;
}

const KINDS: readonly Fault[] = [
  'throttle',
  'internal-error',
  'fail-after-effect',
  'drop-connection',
  'drop-after-effect',
];

/** @param pass lets time pass, in seconds */
export function troubleOf(chance: Chance, pass: (seconds: number) => void): Trouble {
  let rate = 0;
  let count = 0;
  let callsLeft: number | undefined;
  return {
    faults() {
      if (callsLeft !== undefined && callsLeft-- <= 0) {
        count++;
        return 'drop-connection';
      }
      if (!chance.happens(rate)) return undefined;
      count++;
      if (chance.happens(0.2)) pass(chance.number() * 0.3);
      return KINDS[chance.below(KINDS.length)];
    },
    setRate: (next) => (rate = next),
    crashAfter: (calls) => (callsLeft = calls),
    count: () => count,
    hasKilled: () => callsLeft !== undefined && callsLeft < 0,
  };
}
