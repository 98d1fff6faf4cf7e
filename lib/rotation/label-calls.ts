import { SERVERS_LABEL } from '../signing-keys/labels.ts';
import type { MarkName } from './observed.ts';
import type { RotationLabel } from './ports.ts';
import type { Step } from './step.ts';

/** One call to Secrets Manager that changes a label or a tag. */
export type LabelCall =
  | { readonly call: 'tag'; readonly mark: MarkName; readonly version: string; readonly at: number }
  | { readonly call: 'untag'; readonly mark: MarkName }
  | {
      readonly call: 'move';
      readonly label: RotationLabel;
      readonly from: string | undefined;
      readonly to: string | undefined;
    };

/**
 * The calls that a step on labels is made of, in their order; none for other steps. A version's wait is written down
 * before the servers' label moves to it: a mark without the move only makes a wait begin anew, a move without the mark
 * could leave an older mark of the same version to be believed.
 */
export function labelCalls(step: Step, now: number): readonly LabelCall[] {
  switch (step.kind) {
    case 'mark':
      return [{ call: 'tag', mark: step.mark, version: step.version, at: now }];
    case 'unmark':
      return [{ call: 'untag', mark: step.mark }];
    case 'aim':
      return [
        { call: 'tag', mark: 'servers', version: step.to, at: now },
        { call: 'move', label: SERVERS_LABEL, from: step.from, to: step.to },
      ];
    case 'promote':
      return [
        { call: 'move', label: 'AWSCURRENT', from: step.from, to: step.to },
        { call: 'tag', mark: 'promoted', version: step.to, at: now },
        { call: 'move', label: 'AWSPENDING', from: step.to, to: undefined },
      ];
    case 'restore':
      return [{ call: 'move', label: 'AWSPREVIOUS', from: step.from, to: step.to }];
    case 'drop':
      return [{ call: 'move', label: step.label, from: step.version, to: undefined }];
    default:
      return [];
  }
}
