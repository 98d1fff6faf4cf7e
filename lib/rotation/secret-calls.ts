import { SERVERS_LABEL } from '../signing-keys/labels.ts';
import type { RotationLabel } from './ports.ts';
import type { MarkName } from './state.ts';
import type { Step } from './step.ts';

/** One call to Secrets Manager that changes a version, a label or a tag. */
export type SecretCall =
  | { readonly call: 'tag'; readonly mark: MarkName; readonly version: string; readonly at: number }
  | { readonly call: 'untag'; readonly mark: MarkName }
  /** Makes a version with a new secret; ends the step if this id exists already. */
  | { readonly call: 'put'; readonly version: string; readonly labels: readonly RotationLabel[] }
  /** Compare and swap; ends the step if somebody else moved the label. */
  | {
      readonly call: 'move';
      readonly label: RotationLabel;
      readonly from: string | undefined;
      readonly to: string | undefined;
    };

/** Whether a step makes a version, so that {@link secretCalls} needs an id for it. */
export function makesVersion(step: Step): boolean {
  return step.kind === 'create' || step.kind === 'announce' || step.kind === 'replace';
}

/**
 * The calls of a step, in their order; none for steps that change no secret. The beginning of a waiting period is recorded
 * before the change that begins it. If only the record is written, the wait merely begins again. If only the change was made,
 * an older record of the same version could be taken for the new one.
 *
 * @param fresh the id of the version that the step makes, if it makes one
 */
export function secretCalls(step: Step, now: number, fresh: string = ''): readonly SecretCall[] {
  const tag = (mark: MarkName, version: string): SecretCall => ({ call: 'tag', mark, version, at: now });
  switch (step.kind) {
    case 'create':
      return [tag('servers', fresh), { call: 'put', version: fresh, labels: ['AWSCURRENT', SERVERS_LABEL] }];
    case 'announce':
      // A pending version without a record counts as an operator's, and its wait begins when it is first seen.
      return [
        tag('announced', fresh),
        ...(step.confirmed ? [tag('confirmed', fresh)] : []),
        { call: 'put', version: fresh, labels: ['AWSPENDING'] },
      ];
    case 'replace':
      return [
        tag('emergency', fresh),
        tag('servers', fresh),
        { call: 'put', version: fresh, labels: ['AWSCURRENT', SERVERS_LABEL] },
      ];
    case 'mark':
      return [tag(step.mark, step.version)];
    case 'unmark':
      return [{ call: 'untag', mark: step.mark }];
    case 'retarget':
      return [tag('servers', step.to), { call: 'move', label: SERVERS_LABEL, from: step.from, to: step.to }];
    case 'promote':
      return [
        { call: 'move', label: 'AWSCURRENT', from: step.from, to: step.to },
        tag('promoted', step.to),
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
