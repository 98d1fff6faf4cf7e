import { optionalText, requiredText } from '../input.ts';
import { moveLabel } from '../labels.ts';
import { withSecret } from '../store.ts';
import type { Operation } from './operation.ts';
import { findUsableSecret } from './operation.ts';

/** @see AWS Secrets Manager API, UpdateSecretVersionStage */
export const updateSecretVersionStage: Operation = (store, input, { nowMs }) => {
  const move = {
    label: requiredText(input, 'VersionStage', 1, 256),
    moveTo: optionalText(input, 'MoveToVersionId', 32, 64),
    removeFrom: optionalText(input, 'RemoveFromVersionId', 32, 64),
  };
  const secret = findUsableSecret(store, input);
  const versions = moveLabel(secret.versions, move);
  return {
    store:
      versions === secret.versions ? store : withSecret(store, { ...secret, versions, changedMs: nowMs }),
    output: { ARN: secret.arn, Name: secret.name },
  };
};
