import type { Input } from '../input.ts';
import { optionalText, optionalTexts, optionalToken, optionalValue, requiredToken } from '../input.ts';
import { holderOf, labelNewValue } from '../labels.ts';
import { invalidRequest, tokenInUse, valueNotFound } from '../service-error.ts';
import type { Secret, SecretValue, Store, Version } from '../store.ts';
import { sameValue, startOfDayMs, toWireDate, withSecret } from '../store.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { findUsableSecret } from './operation.ts';

const DAY_MS = 86_400_000;
const KEPT_VERSIONS = 100;

/** @see AWS Secrets Manager API, PutSecretValue */
export const putSecretValue: Operation = (store, input, { nowMs }) => {
  const token = requiredToken(input);
  const wanted = optionalTexts(input, 'VersionStages', { min: 1, max: 20, maxLength: 256 });
  const value = optionalValue(input);
  const secret = findUsableSecret(store, input);
  if (!value) throw invalidRequest('You must provide either SecretString or SecretBinary.');
  const changed = writeValue(secret, { token, value, wanted: wanted ?? ['AWSCURRENT'] }, nowMs);
  return {
    store: changed === secret ? store : withSecret(store, changed),
    output: {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: token,
      VersionStages: changed.versions.find(({ id }) => id === token)?.labels,
    },
  };
};

/** @see AWS Secrets Manager API, UpdateSecret */
export const updateSecret: Operation = (store, input, { nowMs }) => {
  const value = optionalValue(input);
  const token = value ? requiredToken(input) : optionalToken(input);
  const description = optionalText(input, 'Description', 0, 2048);
  const kmsKeyId = optionalText(input, 'KmsKeyId', 0, 2048);
  const secret = findUsableSecret(store, input);
  let changed = secret;
  if (value && token !== undefined) {
    changed = writeValue(secret, { token, value, wanted: ['AWSCURRENT'] }, nowMs);
  }
  if (description !== undefined) changed = { ...changed, description, changedMs: nowMs };
  if (kmsKeyId !== undefined) changed = { ...changed, kmsKeyId, changedMs: nowMs };
  return {
    store: changed === secret ? store : withSecret(store, changed),
    output: { ARN: secret.arn, Name: secret.name, VersionId: value && token },
  };
};

/** A value on its way into a secret. */
interface ValueWrite {
  readonly token: string;
  readonly value: SecretValue;
  readonly wanted: readonly string[];
}

/**
 * The secret with the value as a version whose id is the token. A token that already made a version with this
 * value changes nothing, not even labels: the same secret is returned. A placeholder takes its value once.
 *
 * @throws {ServiceError} ResourceExistsException: the token's version has another value
 */
export function writeValue(secret: Secret, { token, value, wanted }: ValueWrite, nowMs: number): Secret {
  const existing = secret.versions.find(({ id }) => id === token);
  if (existing?.value) {
    if (sameValue(existing.value, value)) return secret;
    throw tokenInUse(token, secret.arn);
  }
  const written: readonly Version[] = existing
    ? secret.versions.map((version) => (version === existing ? { ...version, value } : version))
    : [...secret.versions, { id: token, createdMs: nowMs, value, labels: [] }];
  const versions = withoutOldest(labelNewValue(written, token, wanted), nowMs);
  return { ...secret, versions, changedMs: nowMs };
}

/** Past 100 versions the oldest without a label go, but none that is younger than a day. */
function withoutOldest(versions: readonly Version[], nowMs: number): readonly Version[] {
  let surplus = versions.length - KEPT_VERSIONS;
  return versions.filter(({ labels, createdMs }) => {
    const goes = surplus > 0 && labels.length === 0 && nowMs - createdMs > DAY_MS;
    if (goes) surplus -= 1;
    return !goes;
  });
}

/** @see AWS Secrets Manager API, GetSecretValue */
export const getSecretValue: Operation = (store, input, context) => {
  const versionId = optionalText(input, 'VersionId', 1, 64);
  const label = optionalText(input, 'VersionStage', 1, 256);
  const secret = findUsableSecret(store, input);
  return readVersion(store, secret, chooseVersion(secret, versionId, label), context);
};

function chooseVersion(secret: Secret, versionId: string | undefined, label: string | undefined): Version {
  if (versionId === undefined) {
    const wanted = label ?? 'AWSCURRENT';
    const version = holderOf(secret.versions, wanted);
    if (!version?.value) throw valueNotFound(`staging label: ${wanted}`);
    return version;
  }
  const version = secret.versions.find(({ id }) => id === versionId);
  if (!version?.value) throw valueNotFound(`VersionId: ${versionId}`);
  if (label !== undefined && !version.labels.includes(label)) {
    throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  }
  return version;
}

/** The AWSCURRENT version of a secret, read as GetSecretValue without a selector reads it. */
export function readCurrent(store: Store, secret: Secret, context: OperationContext): OperationResult {
  return readVersion(store, secret, chooseVersion(secret, undefined, undefined), context);
}

function readVersion(
  store: Store,
  secret: Secret,
  version: Version,
  { nowMs }: OperationContext,
): OperationResult {
  const { value } = version;
  return {
    store: markRead(store, secret, version, startOfDayMs(nowMs)),
    output: {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      SecretString: value && 'string' in value ? value.string : undefined,
      SecretBinary: value && 'binaryBase64' in value ? value.binaryBase64 : undefined,
      VersionStages: version.labels.length > 0 ? version.labels : undefined,
      CreatedDate: toWireDate(version.createdMs),
    },
  };
}

/** Reads are remembered by the day, so all but the first of a day leave the store as it is. */
function markRead(store: Store, secret: Secret, version: Version, accessedMs: number): Store {
  if (secret.accessedMs === accessedMs && version.accessedMs === accessedMs) return store;
  const versions = secret.versions.map((other) => (other === version ? { ...other, accessedMs } : other));
  return withSecret(store, { ...secret, accessedMs, versions });
}

/** Reads the token and value of a CreateSecret: none, or both. */
export function readFirstValue(input: Input): { token: string | undefined; value: SecretValue | undefined } {
  const value = optionalValue(input);
  return { token: value ? requiredToken(input) : optionalToken(input), value };
}
