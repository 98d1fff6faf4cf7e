import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DenyTable } from '../admission/cached-table.ts';

/** The time limit for one request to DynamoDB with its retry, in milliseconds: less than the second that a caller waits. */
const CALL_TIMEOUT_MS = 900;

/**
 * A deny table in DynamoDB: partition key `id` (a string, as `rowIdsOf` makes it) and, if a denial ends, the number
 * `expires_at` in epoch seconds, which is the table's TTL attribute; TTL deletes late, so the time is read here too. A
 * function that asks it needs `dynamodb:BatchGetItem` on the table.
 */
export function dynamoDenyTable(tableName: string, client: DynamoDBClient): DenyTable {
  return {
    async find(keys) {
      const answer = await client.send(
        new BatchGetItemCommand({
          RequestItems: {
            [tableName]: {
              Keys: keys.map((key) => ({ id: { S: key } })),
              ProjectionExpression: 'id, expires_at',
            },
          },
        }),
        { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) },
      );
      const items = answer.Responses?.[tableName];
      if (items === undefined || Object.keys(answer.UnprocessedKeys ?? {}).length > 0) {
        throw new Error('the deny table did not answer for every key');
      }
      return new Map(items.map((item) => [item['id']?.S ?? '', endOf(item['expires_at'])]));
    },
  };
}

/** Epoch seconds; a denial whose end cannot be read does not end. */
function endOf(expiresAt: AttributeValue | undefined): number {
  const end = Number(expiresAt?.N ?? Infinity);
  return Number.isNaN(end) ? Infinity : end;
}
