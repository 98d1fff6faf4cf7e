// Secrets Manager's own rotation, as far as it can be seen in labels and versions. No Lambda function is
// called: a rotation that was started stays as it is until somebody else puts the value or cancels it.

import type { Input } from '../input.ts';
import { isInput, optionalFlag, optionalInteger, optionalText, optionalToken } from '../input.ts';
import { giveLabel, holderOf } from '../labels.ts';
import { invalidParameter, invalidRequest, ServiceError, tokenInUse } from '../service-error.ts';
import type { Rotation, Version } from '../store.ts';
import { withSecret } from '../store.ts';
import type { Operation } from './operation.ts';
import { findUsableSecret } from './operation.ts';

/**
 * Stores the configuration and makes the version that AWSPENDING is on: an empty placeholder, or, with
 * `RotateImmediately: false`, a copy of the current value for the function to test itself with.
 *
 * @see AWS Secrets Manager API, RotateSecret
 */
export const rotateSecret: Operation = (store, input, { nowMs }) => {
  const token = optionalToken(input);
  if (token === undefined) {
    throw invalidParameter('You must provide a ClientRequestToken value. We recommend a UUID-type value.');
  }
  const immediately = optionalFlag(input, 'RotateImmediately') ?? true;
  const givenLambdaArn = optionalText(input, 'RotationLambdaARN', 0, 2048);
  const givenRules = readRules(input);
  const secret = findUsableSecret(store, input);
  const lambdaArn = givenLambdaArn ?? secret.rotation?.lambdaArn;
  if (lambdaArn === undefined) {
    throw invalidRequest('No Lambda rotation function ARN is associated with this secret.');
  }
  const pending = holderOf(secret.versions, 'AWSPENDING');
  if (pending && !pending.labels.includes('AWSCURRENT')) {
    throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
  }
  if (secret.versions.some(({ id }) => id === token)) throw tokenInUse(token, secret.arn);

  const rules = givenRules ?? secret.rotation?.rules;
  const rotation: Rotation = { enabled: true, lambdaArn, ...(rules && { rules }) };
  const current = holderOf(secret.versions, 'AWSCURRENT')?.value;
  const made: Version = {
    id: token,
    createdMs: nowMs,
    labels: [],
    ...(!immediately && current && { value: current }),
  };
  const versions = giveLabel([...secret.versions, made], 'AWSPENDING', token);
  return {
    store: withSecret(store, { ...secret, rotation, versions, changedMs: nowMs }),
    output: { ARN: secret.arn, Name: secret.name, VersionId: token },
  };
};

/** Turns rotation off and leaves all labels where they are. @see AWS Secrets Manager API, CancelRotateSecret */
export const cancelRotateSecret: Operation = (store, input, { nowMs }) => {
  const secret = findUsableSecret(store, input);
  const { rotation } = secret;
  if (!rotation) {
    throw invalidRequest(
      "You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured and " +
        "you didn't include such an ARN as a parameter in this call.",
    );
  }
  const pending = holderOf(secret.versions, 'AWSPENDING');
  const cancelled = { ...secret, rotation: { ...rotation, enabled: false }, changedMs: nowMs };
  return {
    store: withSecret(store, cancelled),
    output: { ARN: secret.arn, Name: secret.name, VersionId: pending?.id },
  };
};

/** RotationRules, kept to be shown again: nothing here runs by them. */
function readRules(input: Input): Rotation['rules'] {
  const rules = input['RotationRules'] ?? undefined;
  if (rules === undefined) return undefined;
  if (!isInput(rules)) throw new ServiceError('SerializationException', 'RotationRules must be an object.');
  const days = optionalInteger(rules, 'AutomaticallyAfterDays', 1, 1000);
  const duration = optionalText(rules, 'Duration', 2, 3);
  const schedule = optionalText(rules, 'ScheduleExpression', 1, 256);
  return {
    ...(days !== undefined && { AutomaticallyAfterDays: days }),
    ...(duration !== undefined && { Duration: duration }),
    ...(schedule !== undefined && { ScheduleExpression: schedule }),
  };
}
