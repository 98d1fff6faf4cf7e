// The local Secrets Manager without its wire: a pure function from a store and a call to a store and an answer.

import type { Input } from './input.ts';
import { batchGetSecretValue, listSecrets, listSecretVersionIds } from './operations/lists.ts';
import type { Operation, OperationContext, OperationResult } from './operations/operation.ts';
import { getRandomPassword } from './operations/random-password.ts';
import { cancelRotateSecret, rotateSecret } from './operations/rotation.ts';
import { createSecret, deleteSecret, describeSecret, restoreSecret } from './operations/secrets.ts';
import { tagResource, untagResource } from './operations/tags.ts';
import { updateSecretVersionStage } from './operations/update-version-stage.ts';
import { getSecretValue, putSecretValue, updateSecret } from './operations/values.ts';
import { ServiceError } from './service-error.ts';
import type { Store } from './store.ts';
import { forgetDeleted } from './store.ts';

/** A call's result: what it answers, or why it was refused; a refused call leaves the store as it was. */
export type Outcome =
  | ({ readonly error?: never } & OperationResult)
  | { readonly store: Store; readonly error: ServiceError; readonly output?: never };

const READS = new Map<string, Operation>([
  ['BatchGetSecretValue', batchGetSecretValue],
  ['DescribeSecret', describeSecret],
  ['GetRandomPassword', getRandomPassword],
  ['GetSecretValue', getSecretValue],
  ['ListSecrets', listSecrets],
  ['ListSecretVersionIds', listSecretVersionIds],
]);

const WRITES = new Map<string, Operation>([
  ['CancelRotateSecret', cancelRotateSecret],
  ['CreateSecret', createSecret],
  ['DeleteSecret', deleteSecret],
  ['PutSecretValue', putSecretValue],
  ['RestoreSecret', restoreSecret],
  ['RotateSecret', rotateSecret],
  ['TagResource', tagResource],
  ['UntagResource', untagResource],
  ['UpdateSecret', updateSecret],
  ['UpdateSecretVersionStage', updateSecretVersionStage],
]);

/** True for an operation that only reads: all it may change is the day on which something was read. */
export function isRead(operation: string): boolean {
  return READS.has(operation);
}

/**
 * Carries out one call. Deterministic: the clock and the randomness are in `context`. Secrets whose recovery
 * window has ended by then are gone. An operation that is not known is an UnknownOperationException.
 *
 * @param operation - name of the action, such as `PutSecretValue`, attacker-controlled like `input`
 */
export function execute(store: Store, operation: string, input: Input, context: OperationContext): Outcome {
  const present = forgetDeleted(store, context.nowMs);
  const run = READS.get(operation) ?? WRITES.get(operation);
  try {
    if (!run) {
      const names = [...READS.keys(), ...WRITES.keys()].toSorted().join(', ');
      throw new ServiceError('UnknownOperationException', `The operation is not one of ${names}.`);
    }
    return run(present, input, context);
  } catch (error) {
    if (error instanceof ServiceError) return { store: present, error };
    throw error;
  }
}
