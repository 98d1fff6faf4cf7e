import type { DenyTable } from '../deny/cached-table.ts';

/** What DynamoDB gets for one request, tries included, in milliseconds: within the second that a caller waits. */
const CALL_TIMEOUT_MS = 900;

/**
 * A deny table in DynamoDB: partition key `pk` (text, as `denyKeysOf` makes it) and, where a denial ends, the number
 * `expires_at` in epoch seconds, which may also be the table's TTL attribute. TTL deletes late, so the time is read here too.
 *
 * The client is loaded by the first request that asks: most deployments have no such table.
 */
export function createDenyTable(
  tableName: string,
  env: Readonly<Record<string, string | undefined>>,
): DenyTable {
  const loaded = memoize(() => loadClient(env));
  return {
    async find(keys) {
      const { client, BatchGetItemCommand } = await loaded();
      const answer = await client.send(
        new BatchGetItemCommand({
          RequestItems: {
            [tableName]: {
              Keys: keys.map((key) => ({ pk: { S: key } })),
              ProjectionExpression: 'pk, expires_at',
            },
          },
        }),
        { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) },
      );
      if (Object.keys(answer.UnprocessedKeys ?? {}).length > 0) {
        throw new Error('the deny table answered for some keys alone');
      }
      const items = answer.Responses?.[tableName] ?? [];
      return new Map(items.map((item) => [item['pk']?.S ?? '', untilOf(item['expires_at']?.N)]));
    },
  };
}

/** A denial whose end cannot be read does not end. */
function untilOf(expiresAt: string | undefined): number {
  const until = expiresAt === undefined ? Infinity : Number(expiresAt);
  return Number.isNaN(until) ? Infinity : until;
}

async function loadClient(env: Readonly<Record<string, string | undefined>>) {
  const { BatchGetItemCommand, DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const client = new DynamoDBClient({
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(env['AWS_SESSION_TOKEN'] && { sessionToken: env['AWS_SESSION_TOKEN'] }),
    },
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 400, requestTimeout: 400, throwOnRequestTimeout: true },
  });
  return { client, BatchGetItemCommand };
}

function memoize<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
