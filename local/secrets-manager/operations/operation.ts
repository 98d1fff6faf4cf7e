import type { Input } from '../input.ts';
import { readSecretId } from '../input.ts';
import { invalidRequest, secretNotFound } from '../service-error.ts';
import type { Secret, Store } from '../store.ts';
import { lookUpSecret } from '../store.ts';

/** What an operation takes from outside, so that the same calls always give the same store. */
export interface OperationContext {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** A whole number from 0 to `below` - 1. */
  readonly randomInt: (below: number) => number;
}

/** The store after an operation, and its answer in wire spelling; members that are undefined are not sent. */
export interface OperationResult {
  readonly store: Store;
  readonly output: Readonly<Record<string, unknown>>;
}

/**
 * One action of the API: pure, and all or nothing.
 *
 * @throws {ServiceError} the action's refusal, in the API's words
 */
export type Operation = (store: Store, input: Input, context: OperationContext) => OperationResult;

/** The secret that `SecretId` names, even one that is marked for deletion. */
export function findSecret(store: Store, input: Input): Secret {
  const secret = lookUpSecret(store, readSecretId(input));
  if (!secret) throw secretNotFound();
  return secret;
}

/** The secret that `SecretId` names, in use: not marked for deletion. */
export function findUsableSecret(store: Store, input: Input): Secret {
  return assertUsable(findSecret(store, input));
}

/** The secret, or InvalidRequestException where it is marked for deletion. */
export function assertUsable(secret: Secret): Secret {
  if (secret.deletionMs !== undefined) {
    throw invalidRequest(
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }
  return secret;
}
