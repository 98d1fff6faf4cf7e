import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeniedRow } from '../admission/denied-hashes.ts';

/**
 * The ids and kinds of all rows of a deny table that have not ended. Needs `dynamodb:Scan` on the table.
 *
 * @param now epoch seconds
 */
export async function dynamoDeniedRows(
  tableName: string,
  client: DynamoDBClient,
  now: number,
): Promise<readonly DeniedRow[]> {
  const rows: DeniedRow[] = [];
  const asked = {
    TableName: tableName,
    ProjectionExpression: 'id, #kind, expires_at',
    ExpressionAttributeNames: { '#kind': 'kind' },
  };
  for await (const { Items = [] } of paginateScan({ client }, asked)) {
    for (const { id, kind, expires_at: end } of Items) {
      // A row whose end cannot be read does not end, as in `dynamoDenyTable`.
      if (id?.S === undefined || Number(end?.N ?? Infinity) <= now) continue;
      rows.push({ id: id.S, ...(kind?.S !== undefined && { kind: kind.S }) });
    }
  }
  return rows;
}
