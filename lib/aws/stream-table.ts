import { ConditionalCheckFailedException, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StreamItem, StreamTable } from '../token-verification/streams.ts';

/**
 * Slots and live streams in DynamoDB: partition key `id` (a string), TTL attribute `expires_at` (epoch seconds). It needs
 * `dynamodb:PutItem` and `dynamodb:DeleteItem` on the table.
 */
export function dynamoStreamTable(tableName: string, client: DynamoDBClient): StreamTable {
  return {
    async take(item, now) {
      const put = new PutItemCommand({
        TableName: tableName,
        Item: toAttributes(item),
        ConditionExpression: 'attribute_not_exists(id) OR expires_at <= :now OR holder = :holder',
        ExpressionAttributeValues: { ':now': { N: String(now) }, ':holder': { S: item.holder } },
      });
      return (await orUndefined(client.send(put))) !== undefined;
    },
    async remove(id, holder) {
      const removed = await orUndefined(
        client.send(
          new DeleteItemCommand({
            TableName: tableName,
            Key: { id: { S: id } },
            ReturnValues: 'ALL_OLD',
            ...(holder !== undefined && {
              ConditionExpression: 'holder = :holder',
              ExpressionAttributeValues: { ':holder': { S: holder } },
            }),
          }),
        ),
      );
      return removed?.Attributes && toItem(removed.Attributes);
    },
  };
}

/** `undefined` if the write's condition does not hold. */
async function orUndefined<Output>(sent: Promise<Output>): Promise<Output | undefined> {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

function toAttributes({
  id,
  holder,
  startedAt,
  expiresAt,
  slots = [],
}: StreamItem): Record<string, AttributeValue> {
  return {
    id: { S: id },
    holder: { S: holder },
    started_at: { N: String(startedAt) },
    // TTL requires whole seconds.
    expires_at: { N: String(Math.ceil(expiresAt)) },
    ...(slots.length > 0 && { slots: { SS: [...slots] } }),
  };
}

function toItem(attributes: Record<string, AttributeValue>): StreamItem {
  const { id, holder, started_at: startedAt, expires_at: expiresAt, slots } = attributes;
  return {
    id: id?.S ?? '',
    holder: holder?.S ?? '',
    startedAt: Number(startedAt?.N),
    expiresAt: Number(expiresAt?.N),
    ...(slots?.SS && { slots: slots.SS }),
  };
}
