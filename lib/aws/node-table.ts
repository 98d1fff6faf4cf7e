import { DeleteItemCommand, DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { NodeTable } from '../fleet/reported.ts';

/**
 * Reports in DynamoDB: partition key `target`, sort key `id`, the rest of a row in `row` as JSON, and `expires_at` (epoch
 * seconds), which is the table's TTL attribute.
 */
export function dynamoNodeTable(tableName: string, client: Pick<DynamoDBClient, 'send'>): NodeTable {
  return {
    async put(target, row, expiresAt) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              target: { S: target },
              id: { S: row.id },
              iat: { N: String(row.iat) },
              expires_at: { N: String(Math.ceil(expiresAt)) },
              row: { S: JSON.stringify(row) },
            },
            ConditionExpression: 'attribute_not_exists(id) OR iat < :iat',
            ExpressionAttributeValues: { ':iat': { N: String(row.iat) } },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
    async list(target) {
      const rows: unknown[] = [];
      let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: tableName,
            KeyConditionExpression: 'target = :target',
            ExpressionAttributeValues: { ':target': { S: target } },
            ConsistentRead: true,
            ...(ExclusiveStartKey && { ExclusiveStartKey }),
          }),
        );
        rows.push(...(page.Items ?? []).map(rowOf));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return rows;
    },
    async remove(target, id) {
      await client.send(
        new DeleteItemCommand({ TableName: tableName, Key: { target: { S: target }, id: { S: id } } }),
      );
    },
  };
}

/** A row with another form, written by hand or by an earlier version of streampass, keeps its id. */
function rowOf({ id, row }: Readonly<Record<string, AttributeValue>>): unknown {
  try {
    return JSON.parse(row?.S ?? '');
  } catch {
    return { id: id?.S };
  }
}
