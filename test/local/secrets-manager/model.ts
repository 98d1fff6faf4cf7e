import type { Input } from '../../../local/secrets-manager/input.ts';
import type { Outcome } from '../../../local/secrets-manager/state.ts';
import { execute } from '../../../local/secrets-manager/state.ts';
import type { Store } from '../../../local/secrets-manager/store.ts';
import { EMPTY_STORE } from '../../../local/secrets-manager/store.ts';

/** 2026-01-15T12:00:00.250Z, an instant with a fraction of a second. */
export const START_MS = Date.UTC(2026, 0, 15, 12, 0, 0, 250);

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The version id, which is the ClientRequestToken, of number n. */
export function versionId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** A store that calls are made on one after another, with a clock that the test sets. */
export interface Model {
  nowMs: number;
  readonly store: Store;
  call(operation: string, input: Input): Outcome;
  /** The answer of a call that has to succeed. */
  answer(operation: string, input: Input): Readonly<Record<string, unknown>>;
  /** The error code of a call that has to be refused. */
  refusal(operation: string, input: Input): string;
  /** Labels of version numbers, such as `{ 1: ['AWSCURRENT'] }`. */
  labels(secretId: string): Record<number, readonly string[]>;
}

/** A model whose randomness counts up, so that two of them given the same calls are the same. */
export function createModel(): Model {
  let store = EMPTY_STORE;
  let drawn = 0;
  const model: Model = {
    nowMs: START_MS,
    get store() {
      return store;
    },
    call(operation, input) {
      const randomInt = (below: number) => drawn++ % below;
      const outcome = execute(store, operation, input, { nowMs: model.nowMs, randomInt });
      store = outcome.store;
      return outcome;
    },
    answer(operation, input) {
      const { output, error } = model.call(operation, input);
      if (!output) throw error;
      return output;
    },
    refusal(operation, input) {
      const { output, error } = model.call(operation, input);
      if (!error) throw new Error(`${operation} was not refused: ${JSON.stringify(output)}`);
      return error.code;
    },
    labels(secretId) {
      const versions = store.secrets.find(({ name }) => name === secretId)?.versions ?? [];
      return Object.fromEntries(
        versions
          .filter(({ labels }) => labels.length > 0)
          .map(({ id, labels }) => [Number(id.slice(-12)), labels]),
      );
    },
  };
  return model;
}

/** A PutSecretValue of version n on the secret `s`. */
export function put(n: number, ...labels: string[]): Input {
  return {
    SecretId: 's',
    ClientRequestToken: versionId(n),
    SecretString: `value ${n}`,
    ...(labels.length > 0 && { VersionStages: labels }),
  };
}

/** An UpdateSecretVersionStage on the secret `s`, by version numbers. */
export function move(label: string, { to, from }: { to?: number; from?: number }): Input {
  return {
    SecretId: 's',
    VersionStage: label,
    ...(to !== undefined && { MoveToVersionId: versionId(to) }),
    ...(from !== undefined && { RemoveFromVersionId: versionId(from) }),
  };
}

/** A model that holds the secret `s`, current version 1. */
export function modelWithSecret(): Model {
  const model = createModel();
  model.answer('CreateSecret', { Name: 's', ClientRequestToken: versionId(1), SecretString: 'value 1' });
  return model;
}
