import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Input } from '../../../local/secrets-manager/input.ts';
import type { Secret, Store } from '../../../local/secrets-manager/store.ts';
import { createModel, HOUR_MS, versionId } from './model.ts';

const secretId = fc.constantFrom('a', 'b');
const token = fc.integer({ min: 1, max: 6 }).map(versionId);
const value = fc.constantFrom('one', 'two');
const label = fc.constantFrom('AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS', 'STREAMPASS_SERVERS');

const call: fc.Arbitrary<readonly [operation: string, input: Input]> = fc.oneof(
  {
    weight: 1,
    arbitrary: op('CreateSecret', { Name: secretId, ClientRequestToken: token, SecretString: value }),
  },
  { weight: 1, arbitrary: op('CreateSecret', { Name: secretId }) },
  {
    weight: 6,
    arbitrary: op('PutSecretValue', {
      SecretId: secretId,
      ClientRequestToken: token,
      SecretString: value,
      VersionStages: fc.option(fc.uniqueArray(label, { minLength: 1, maxLength: 3 })),
    }),
  },
  {
    weight: 2,
    arbitrary: op('UpdateSecret', { SecretId: secretId, ClientRequestToken: token, SecretString: value }),
  },
  {
    weight: 8,
    arbitrary: op('UpdateSecretVersionStage', {
      SecretId: secretId,
      VersionStage: label,
      MoveToVersionId: fc.option(token),
      RemoveFromVersionId: fc.option(token),
    }),
  },
  {
    weight: 1,
    arbitrary: op('RotateSecret', {
      SecretId: secretId,
      ClientRequestToken: token,
      RotationLambdaARN: fc.constant('arn:aws:lambda:eu-central-1:111111111111:function:rotate'),
      RotateImmediately: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: op('CancelRotateSecret', { SecretId: secretId }) },
  {
    weight: 1,
    arbitrary: op('DeleteSecret', { SecretId: secretId, ForceDeleteWithoutRecovery: fc.boolean() }),
  },
  { weight: 1, arbitrary: op('RestoreSecret', { SecretId: secretId }) },
  { weight: 2, arbitrary: op('GetSecretValue', { SecretId: secretId, VersionStage: fc.option(label) }) },
);

function op(name: string, members: Record<string, fc.Arbitrary<unknown>>) {
  return fc.record(members).map((input) => [name, input] as const);
}

/** Calls and the hours that pass before each; the secrets are there from the start, so that most calls mean something. */
const steps = fc
  .array(fc.tuple(call, fc.integer({ min: 0, max: 10 })), { maxLength: 40 })
  .map((calls) => [...['a', 'b'].map((Name) => [['CreateSecret', { Name }] as const, 0] as const), ...calls]);

test('a label is on one version at most, and AWSCURRENT on one as soon as there is a value', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const model = createModel();
      for (const [[operation, input], hours] of sequence) {
        model.nowMs += hours * HOUR_MS;
        model.call(operation, input);
        for (const secret of model.store.secrets) assertLabels(secret);
      }
    }),
    { numRuns: 500 },
  );
});

function assertLabels({ versions }: Secret): void {
  const labels = versions.flatMap((version) => version.labels);
  expect(new Set(labels).size).toBe(labels.length);
  const hasValue = versions.some((version) => version.value !== undefined);
  expect(labels.includes('AWSCURRENT')).toBe(hasValue || labels.includes('AWSCURRENT'));
}

test('no call changes an earlier store, the value of a version, or anything where it is refused', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const model = createModel();
      for (const [[operation, input]] of sequence) {
        const before = deepFrozen(model.store);
        const { error, store } = model.call(operation, input);
        expect(store === before || error === undefined).toBe(true);
        const after = valuesOf(store);
        for (const [id, value] of valuesOf(before)) expect(after.get(id) ?? value).toBe(value);
      }
    }),
    { numRuns: 300 },
  );
});

function valuesOf(store: Store): Map<string, string> {
  return new Map(
    store.secrets.flatMap(({ arn, versions }) =>
      versions
        .filter((version) => version.value !== undefined)
        .map((version) => [`${arn} ${version.id}`, JSON.stringify(version.value)] as const),
    ),
  );
}

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFrozen);
  }
  return value;
}

test('the same calls give the same store, and a value that is written twice is written once', () => {
  const writesValue = new Set(['PutSecretValue', 'UpdateSecret']);
  fc.assert(
    fc.property(steps, (sequence) => {
      const once = createModel();
      const twice = createModel();
      for (const [[operation, input], hours] of sequence) {
        once.nowMs += hours * HOUR_MS;
        twice.nowMs += hours * HOUR_MS;
        const first = once.call(operation, input);
        const second = twice.call(operation, input);
        expect(second).toEqual(first);
        const repeated = writesValue.has(operation) && !first.error && twice.call(operation, input);
        expect(repeated && repeated.error).toBeFalsy();
      }
      expect(twice.store).toEqual(once.store);
    }),
    { numRuns: 300 },
  );
});
