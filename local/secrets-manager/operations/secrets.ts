import { optionalFlag, optionalInteger, optionalTags, optionalText, requiredText } from '../input.ts';
import { readSecretId } from '../input.ts';
import {
  invalidParameter,
  invalidRequest,
  secretNotFound,
  ServiceError,
  tokenInUse,
} from '../service-error.ts';
import type { Secret } from '../store.ts';
import { idsToLabels, lookUpSecret, sameValue, toWireDate, withoutSecret, withSecret } from '../store.ts';
import type { Operation } from './operation.ts';
import { assertUsable, findSecret } from './operation.ts';
import { DIGITS, LOWERCASE, randomCharacters, UPPERCASE } from './random-characters.ts';
import { mergeTags } from './tags.ts';
import { readFirstValue, writeValue } from './values.ts';

/** One account in one region, whichever credentials and region a caller signs with. */
const ARN_PREFIX = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:';
const DAY_MS = 86_400_000;

/** @see AWS Secrets Manager API, CreateSecret */
export const createSecret: Operation = (store, input, { nowMs, randomInt }) => {
  const name = requiredText(input, 'Name', 1, 512);
  if (!/^[A-Za-z0-9/_+=.@-]+$/.test(name)) {
    throw invalidParameter('Name can have only ASCII letters, digits and the characters /_+=.@-');
  }
  const { token, value } = readFirstValue(input);
  const tags = optionalTags(input) ?? [];
  const description = optionalText(input, 'Description', 0, 2048);
  const kmsKeyId = optionalText(input, 'KmsKeyId', 0, 2048);

  const existing = store.secrets.find((secret) => secret.name === name);
  if (existing) {
    if (existing.deletionMs !== undefined) {
      throw invalidRequest(
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    }
    const made = existing.versions.find(({ id }) => id === token);
    if (!made) {
      throw new ServiceError(
        'ResourceExistsException',
        `The operation failed because the secret ${name} already exists.`,
      );
    }
    if (!value || !made.value || !sameValue(made.value, value)) throw tokenInUse(made.id, existing.arn);
    return { store, output: { ARN: existing.arn, Name: name, VersionId: made.id } };
  }

  const suffix = randomCharacters(UPPERCASE + LOWERCASE + DIGITS, 6, randomInt);
  const empty: Secret = {
    arn: `${ARN_PREFIX}${name}-${suffix}`,
    name,
    ...(description !== undefined && { description }),
    ...(kmsKeyId !== undefined && { kmsKeyId }),
    createdMs: nowMs,
    changedMs: nowMs,
    tags: mergeTags([], tags),
    versions: [],
  };
  const secret =
    value && token !== undefined ? writeValue(empty, { token, value, wanted: ['AWSCURRENT'] }, nowMs) : empty;
  return {
    store: withSecret(store, secret),
    output: { ARN: secret.arn, Name: name, VersionId: value && token },
  };
};

/** Works on a secret that is marked for deletion too. @see AWS Secrets Manager API, DescribeSecret */
export const describeSecret: Operation = (store, input) => {
  const secret = findSecret(store, input);
  return { store, output: { ...summary(secret), VersionIdsToStages: idsToLabels(secret) } };
};

/** What DescribeSecret and ListSecrets both tell of a secret. */
export function summary(secret: Secret): Record<string, unknown> {
  const { rotation } = secret;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.lambdaArn,
    RotationRules: rotation?.rules,
    CreatedDate: toWireDate(secret.createdMs),
    LastChangedDate: toWireDate(secret.changedMs),
    LastAccessedDate: secret.accessedMs === undefined ? undefined : toWireDate(secret.accessedMs),
    DeletedDate: secret.deletionMs === undefined ? undefined : toWireDate(secret.deletionMs),
    Tags:
      secret.tags.length > 0 ? secret.tags.map(({ key, value }) => ({ Key: key, Value: value })) : undefined,
  };
}

/** Marks for deletion, or with ForceDeleteWithoutRecovery deletes. @see AWS Secrets Manager API, DeleteSecret */
export const deleteSecret: Operation = (store, input, { nowMs }) => {
  const secretId = readSecretId(input);
  const force = optionalFlag(input, 'ForceDeleteWithoutRecovery') ?? false;
  const days = optionalInteger(input, 'RecoveryWindowInDays', -Infinity, Infinity);
  if (force && days !== undefined) {
    throw invalidParameter(
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  if (days !== undefined && (days < 7 || days > 30)) {
    throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  }
  const secret = lookUpSecret(store, secretId);
  if (force) {
    // A forced deletion of a secret that is not there succeeds, says the API reference.
    const output = {
      ARN: secret?.arn ?? `${ARN_PREFIX}${secretId}`,
      Name: secret?.name ?? secretId,
      DeletionDate: toWireDate(nowMs),
    };
    return { store: secret ? withoutSecret(store, secret.arn) : store, output };
  }
  if (!secret) throw secretNotFound();
  const deletionMs = nowMs + (days ?? 30) * DAY_MS;
  return {
    store: withSecret(store, { ...assertUsable(secret), deletionMs, changedMs: nowMs }),
    output: { ARN: secret.arn, Name: secret.name, DeletionDate: toWireDate(deletionMs) },
  };
};

/** @see AWS Secrets Manager API, RestoreSecret */
export const restoreSecret: Operation = (store, input, { nowMs }) => {
  const secret = findSecret(store, input);
  const output = { ARN: secret.arn, Name: secret.name };
  if (secret.deletionMs === undefined) return { store, output };
  const { deletionMs: _, ...restored } = secret;
  return { store: withSecret(store, { ...restored, changedMs: nowMs }), output };
};
