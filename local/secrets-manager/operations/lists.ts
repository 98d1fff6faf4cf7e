import type { Input } from '../input.ts';
import { optionalFlag, optionalObjects, optionalText, optionalTexts, requiredText } from '../input.ts';
import { pageOf } from '../paging.ts';
import { invalidParameter, secretNotFound, ServiceError } from '../service-error.ts';
import type { Secret, Store } from '../store.ts';
import { idsToLabels, lookUpSecret, toWireDate } from '../store.ts';
import type { Operation, OperationContext } from './operation.ts';
import { assertUsable, findSecret } from './operation.ts';
import { summary } from './secrets.ts';
import { readCurrent } from './values.ts';

/** @see AWS Secrets Manager API, ListSecrets */
export const listSecrets: Operation = (store, input) => {
  const planned = optionalFlag(input, 'IncludePlannedDeletion') ?? false;
  const order = optionalText(input, 'SortOrder', 1, 4) ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalidParameter('SortOrder must be asc or desc.');
  const listed = store.secrets
    .filter(filterOf(input))
    .filter(({ deletionMs }) => planned || deletionMs === undefined);
  const page = pageOf(order === 'asc' ? listed : listed.toReversed(), input, {
    idOf: ({ arn }) => arn,
    maxResults: 100,
  });
  return {
    store,
    output: {
      SecretList: page.items.map((secret) => ({
        ...summary(secret),
        SecretVersionsToStages: idsToLabels(secret),
      })),
      NextToken: page.nextToken,
    },
  };
};

/** Versions without a label only with IncludeDeprecated. @see AWS Secrets Manager API, ListSecretVersionIds */
export const listSecretVersionIds: Operation = (store, input) => {
  const deprecated = optionalFlag(input, 'IncludeDeprecated') ?? false;
  const secret = findSecret(store, input);
  const page = pageOf(
    secret.versions.filter(({ labels }) => deprecated || labels.length > 0),
    input,
    { idOf: ({ id }) => id, maxResults: 100 },
  );
  return {
    store,
    output: {
      ARN: secret.arn,
      Name: secret.name,
      Versions: page.items.map(({ id, createdMs, accessedMs, labels }) => ({
        VersionId: id,
        VersionStages: labels.length > 0 ? labels : undefined,
        CreatedDate: toWireDate(createdMs),
        LastAccessedDate: accessedMs === undefined ? undefined : toWireDate(accessedMs),
        KmsKeyIds: [secret.kmsKeyId ?? 'DefaultEncryptionKey'],
      })),
      NextToken: page.nextToken,
    },
  };
};

/** AWSCURRENT of several secrets: it can select no other version. @see AWS Secrets Manager API, BatchGetSecretValue */
export const batchGetSecretValue: Operation = (store, input, context) => {
  const ids = optionalTexts(input, 'SecretIdList', { min: 1, max: 20, maxLength: 2048 });
  if ((ids === undefined) === (optionalObjects(input, 'Filters') === undefined)) {
    throw invalidParameter('You must provide either SecretIdList or Filters, but not both.');
  }
  if (ids) {
    const unique = [...new Set(ids)];
    return readAll(
      store,
      unique.map((id) => ({ id, secret: lookUpSecret(store, id) })),
      context,
    );
  }
  const page = pageOf(store.secrets.filter(filterOf(input)), input, {
    idOf: ({ arn }) => arn,
    maxResults: 20,
  });
  const result = readAll(
    store,
    page.items.map((secret) => ({ id: secret.arn, secret })),
    context,
  );
  return { store: result.store, output: { ...result.output, NextToken: page.nextToken } };
};

function readAll(
  store: Store,
  wanted: readonly { readonly id: string; readonly secret: Secret | undefined }[],
  context: OperationContext,
) {
  let read = store;
  const values: unknown[] = [];
  const errors: unknown[] = [];
  for (const { id, secret } of wanted) {
    try {
      if (!secret) throw secretNotFound();
      const result = readCurrent(read, assertUsable(secret), context);
      read = result.store;
      values.push(result.output);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      errors.push({ SecretId: id, ErrorCode: error.code, Message: error.message });
    }
  }
  return { store: read, output: { SecretValues: values, Errors: errors } };
}

/** A predicate for `Filters`: a secret has to match every filter in one of its values, by prefix. */
function filterOf(input: Input): (secret: Secret) => boolean {
  const filters = (optionalObjects(input, 'Filters') ?? []).map((filter) => {
    const key = requiredText(filter, 'Key', 1, 32);
    const values = optionalTexts(filter, 'Values', { min: 1, max: 10, maxLength: 512 }) ?? [];
    const textsOf = FILTER_KEYS.get(key);
    if (!textsOf) {
      throw invalidParameter(`Filter key ${key} is not one of ${[...FILTER_KEYS.keys()].join(', ')}.`);
    }
    return { textsOf, values };
  });
  return (secret) =>
    filters.every(({ textsOf, values }) =>
      textsOf(secret).some((text) => values.some((value) => text.startsWith(value))),
    );
}

const FILTER_KEYS = new Map<string, (secret: Secret) => readonly string[]>([
  ['name', ({ name }) => [name]],
  ['description', ({ description }) => (description === undefined ? [] : [description])],
  ['tag-key', ({ tags }) => tags.map(({ key }) => key)],
  ['tag-value', ({ tags }) => tags.map(({ value }) => value)],
]);
