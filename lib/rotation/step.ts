import type { MarkName } from './observed.ts';

/** `steady`, `empty`, `announced`, `pushing` and `promoted` follow each other; the others are left to `steady` or `promoted`. */
export type Phase = 'empty' | 'steady' | 'announced' | 'pushing' | 'promoted' | 'aborting' | 'bypassed';

/** The one thing to do next. Each is safe to repeat, to interrupt anywhere and to deliver twice. */
export type Step =
  | { readonly kind: 'wait' }
  /** Does nothing: what was asked for is not possible now. */
  | { readonly kind: 'refuse' }
  /** Makes the first version. */
  | { readonly kind: 'create' }
  /** Makes a new pending version. */
  | { readonly kind: 'announce' }
  /** Makes a new version that is current at once. */
  | { readonly kind: 'replace' }
  /** Writes down when something was first seen. */
  | { readonly kind: 'mark'; readonly mark: MarkName; readonly version: string }
  /** Takes a note away that means nothing any more. */
  | { readonly kind: 'unmark'; readonly mark: MarkName }
  /** Moves the servers' label. */
  | { readonly kind: 'aim'; readonly from: string | undefined; readonly to: string }
  /** Brings the nodes that lack them to these versions. */
  | { readonly kind: 'push'; readonly versions: readonly string[]; readonly nodes: readonly string[] }
  /** Tries a token of this version on the servers. */
  | { readonly kind: 'probe'; readonly version: string }
  /** Moves `AWSCURRENT` to the pending version. */
  | { readonly kind: 'promote'; readonly from: string; readonly to: string }
  /** Gives `AWSPREVIOUS` to the version that the servers hold, so that it is in the ring again. */
  | { readonly kind: 'restore'; readonly from: string; readonly to: string }
  | { readonly kind: 'drop'; readonly label: 'AWSPENDING' | 'AWSPREVIOUS'; readonly version: string };

/** What a rotation does next and why; `at` is when a wait ends, in epoch seconds. */
export interface Plan {
  readonly phase: Phase;
  readonly step: Step;
  readonly at?: number;
  readonly why: string;
}
