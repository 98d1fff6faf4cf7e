// Replays calls whose answers by AWS are known: `recorded` were seen on the real service, `documented` follow
// from the API reference, `inferred` are a reading of it, so their error texts are not compared.
// `<RAND6>`, `<date>` and `<64 chars …>` stand for what differs from run to run. Rows build on earlier ones.

import * as sdk from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import { createSecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import { rawCall, sdkClient } from './sdk-client.ts';
import rows from './transcript.json' with { type: 'json' };

type Labels = Record<string, string[]>;

interface Expected {
  readonly http: number;
  readonly output?: Record<string, unknown>;
  readonly error?: { readonly code: string; readonly message: string | null };
  /** Of labelled versions after the call. */
  readonly labels?: Labels;
  /** Ids that ListSecretVersionIds names. */
  readonly versions?: readonly string[];
}

interface Row {
  readonly n: number;
  readonly scenario: string;
  readonly operation: string;
  readonly rawHttp?: boolean;
  readonly input: Record<string, unknown>;
  readonly expected: Expected;
  readonly evidence: string;
}

interface Answer {
  readonly http: number;
  readonly output?: Record<string, unknown>;
  readonly error?: { readonly code: string; readonly message: string };
}

// Type inference over the whole file would give every row its own type.
const transcript = rows as unknown as readonly Row[];

const COMMANDS: Record<string, new (input: never) => unknown> = {
  BatchGetSecretValue: sdk.BatchGetSecretValueCommand,
  CancelRotateSecret: sdk.CancelRotateSecretCommand,
  CreateSecret: sdk.CreateSecretCommand,
  DeleteSecret: sdk.DeleteSecretCommand,
  DescribeSecret: sdk.DescribeSecretCommand,
  GetRandomPassword: sdk.GetRandomPasswordCommand,
  GetSecretValue: sdk.GetSecretValueCommand,
  ListSecretVersionIds: sdk.ListSecretVersionIdsCommand,
  PutSecretValue: sdk.PutSecretValueCommand,
  RestoreSecret: sdk.RestoreSecretCommand,
  RotateSecret: sdk.RotateSecretCommand,
  TagResource: sdk.TagResourceCommand,
  UntagResource: sdk.UntagResourceCommand,
  UpdateSecret: sdk.UpdateSecretCommand,
  UpdateSecretVersionStage: sdk.UpdateSecretVersionStageCommand,
};

describe('calls with known answers', () => {
  let endpoint: SecretsManagerEndpoint;
  let client: sdk.SecretsManagerClient;
  beforeAll(async () => {
    endpoint = await createSecretsManagerEndpoint({ port: 0 });
    client = sdkClient(endpoint);
  });
  afterAll(async () => {
    client.destroy();
    await endpoint.close();
  });

  test.each(transcript)('row $n: $scenario: $operation', async (row) => {
    const { expected } = row;
    const answer = row.rawHttp ? await askRaw(endpoint, row) : await askSdk(client, row);
    const labels = expected.labels && (await labelsOf(client, row));
    const versions = expected.versions && listedIds(answer.output);

    expect(normalised(answer)).toMatchObject(expectedAnswer(row) as object);
    expect({ labels, versions }).toEqual(
      normalised({ labels: expected.labels, versions: expected.versions }),
    );
  });

  test('the rows are all there', () => {
    expect(transcript).toHaveLength(102);
    expect(transcript.filter(({ evidence }) => evidence === 'inferred')).toHaveLength(6);
  });

  test('a secret without a value has no version', async () => {
    const name = 'sp/without-value';
    await client.send(new sdk.CreateSecretCommand({ Name: name }));
    const description = await client.send(new sdk.DescribeSecretCommand({ SecretId: name }));
    expect(description).not.toHaveProperty('VersionIdsToStages');
  });

  test('a version without a label is listed without VersionStages', async () => {
    const command = new sdk.ListSecretVersionIdsCommand({ SecretId: 'sp/g', IncludeDeprecated: true });
    const { Versions = [] } = await client.send(command);
    const deprecated = Versions.filter(({ VersionStages }) => VersionStages === undefined);
    expect(deprecated.map(({ VersionId }) => VersionId)).toEqual([
      '00000000-0000-4000-8000-000000000501',
      '00000000-0000-4000-8000-000000000502',
      '00000000-0000-4000-8000-000000000503',
    ]);
  });
});

async function askSdk(client: sdk.SecretsManagerClient, { operation, input }: Row): Promise<Answer> {
  const Command = COMMANDS[operation];
  if (!Command) throw new Error(`no command for ${operation}`);
  try {
    const command = new Command(withBytes(input) as never);
    const { $metadata, ...output } = (await client.send(command as never)) as sdk.GetSecretValueResponse & {
      $metadata: { httpStatusCode?: number };
    };
    return { http: $metadata.httpStatusCode ?? 0, output };
  } catch (error) {
    if (!(error instanceof sdk.SecretsManagerServiceException)) throw error;
    const { name, message, $metadata } = error;
    return { http: $metadata.httpStatusCode ?? 0, error: { code: name, message } };
  }
}

async function askRaw(endpoint: SecretsManagerEndpoint, { operation, input }: Row): Promise<Answer> {
  const { status, body } = await rawCall(endpoint, `secretsmanager.${operation}`, JSON.stringify(input));
  if (status === 200) return { http: status, output: body as Record<string, unknown> };
  const { __type: code, Message: message } = body as { __type: string; Message: string };
  return { http: status, error: { code, message } };
}

async function labelsOf(client: sdk.SecretsManagerClient, { input }: Row): Promise<unknown> {
  const secretId = String(input['SecretId'] ?? input['Name']);
  const description = await client.send(new sdk.DescribeSecretCommand({ SecretId: secretId }));
  return normalised(description.VersionIdsToStages ?? {});
}

/** What the answer has to hold; it may hold more members. */
function expectedAnswer({ expected: { http, output, error }, evidence }: Row): unknown {
  const isTextKnown = error?.message !== null && evidence !== 'inferred';
  return normalised({
    http,
    ...(error && { error: isTextKnown ? error : { code: error.code } }),
    ...(output && { output }),
  });
}

/** `{ $base64 }` members as the bytes that the SDK takes. */
function withBytes(input: Record<string, unknown>): Record<string, unknown> {
  const binary = input['SecretBinary'] as { $base64: string } | undefined;
  return binary ? { ...input, SecretBinary: Buffer.from(binary.$base64, 'base64') } : input;
}

function listedIds(output: Record<string, unknown> | undefined): string[] {
  const versions = output?.['Versions'] as { VersionId: string }[];
  return versions.map(({ VersionId }) => VersionId).toSorted();
}

/**
 * The value with placeholders for what differs from run to run, and lists sorted: the order of labels, tags and
 * versions is not part of the API.
 */
function normalised(value: unknown): unknown {
  if (value instanceof Date) return '<date>';
  if (typeof value === 'string') return withPlaceholders(value);
  if (Array.isArray(value)) return value.map(normalised).toSorted(byIdentity);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normalised(member)]));
}

function withPlaceholders(text: string): string {
  if (/^[A-Za-z0-9]{64}$/.test(text)) return '<64 chars [A-Za-z0-9]>';
  return text.replace(/(:secret:[a-z0-9/]+)-[A-Za-z0-9]{6}\b/, '$1-<RAND6>');
}

function byIdentity(a: unknown, b: unknown): number {
  return identityOf(a).localeCompare(identityOf(b));
}

function identityOf(entry: unknown): string {
  const { VersionId, Key, SecretId } = Object(entry) as Record<string, unknown>;
  return String(VersionId ?? Key ?? SecretId ?? entry);
}
