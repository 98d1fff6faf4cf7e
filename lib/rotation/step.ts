import type { Reason } from './reasons.ts';
import type { MarkName } from './state.ts';

/**
 * `steady`, `empty`, `announced`, `pushing` and `promoted` follow each other; the others lead back to `steady` or `promoted`.
 */
export type Phase = 'empty' | 'steady' | 'announced' | 'pushing' | 'promoted' | 'aborting' | 'bypassed';

/** The next step. Each is safe to repeat, to interrupt anywhere and to deliver twice. */
export type Step =
  | { readonly kind: 'wait' }
  /** Does nothing, because the command is not possible now. */
  | { readonly kind: 'refuse' }
  /** Makes the first version. */
  | { readonly kind: 'create' }
  /** Makes a new pending version; `confirmed`: servers without a fleet follow it. */
  | { readonly kind: 'announce'; readonly confirmed: boolean }
  /** Makes a new version that is current at once. */
  | { readonly kind: 'replace' }
  /** Records a date. */
  | { readonly kind: 'mark'; readonly mark: MarkName; readonly version: string }
  /** Removes a record that has no meaning any more. */
  | { readonly kind: 'unmark'; readonly mark: MarkName }
  /** Moves the servers' label. */
  | { readonly kind: 'retarget'; readonly from: string | undefined; readonly to: string }
  /** Looks at every server. */
  | { readonly kind: 'look' }
  /**
   * Gives nodes these versions. After more failures than `failuresAllowed` it stops, and the rest of the fleet stays as it
   * is. In an emergency it does not stop.
   */
  | {
      readonly kind: 'push';
      readonly versions: readonly string[];
      readonly nodes: readonly string[] | 'all';
      readonly failuresAllowed: number;
    }
  /** Tries a token of this version on the servers. */
  | { readonly kind: 'probe'; readonly version: string }
  /** Moves `AWSCURRENT` to the pending version. */
  | { readonly kind: 'promote'; readonly from: string; readonly to: string }
  /** Gives `AWSPREVIOUS` to the version that the servers hold, so that it is in the ring again. */
  | { readonly kind: 'restore'; readonly from: string; readonly to: string }
  | { readonly kind: 'drop'; readonly label: 'AWSPENDING' | 'AWSPREVIOUS'; readonly version: string };

/** What a rotation does next and why. */
export interface Plan {
  readonly phase: Phase;
  readonly step: Step;
  /** A stable slug. */
  readonly reason: Reason;
  /** The reason in a sentence. */
  readonly why: string;
  /** When a wait ends, epoch seconds. */
  readonly at?: number;
}
