import { DeleteItemCommand, paginateScan, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DENIAL_KINDS, rowIdOf } from '../admission/deny-rows.ts';
import type { DenialKind, Denied } from '../admission/deny-rows.ts';

/** A denial, and what an operator noted about it. */
export interface Denial extends Denied {
  readonly reason?: string;
  /** Who denied. */
  readonly by?: string;
  /** Epoch seconds. */
  readonly at: number;
  /** Epoch seconds; absent: it does not end. */
  readonly until?: number;
}

/** What an operator does with a deny table. */
export interface DenyWriter {
  deny(denial: Denial): Promise<void>;
  /** Removes a denial. Resolves to whether there was one. */
  allow(denied: Denied): Promise<boolean>;
  /** Every denial that has not ended. A row that this version did not write is listed by its id alone, and denies nobody. */
  list(now: number): Promise<readonly (Denial | { readonly unreadable: string })[]>;
}

/** Writes and lists the rows that `dynamoDenyTable` reads. Needs `dynamodb:PutItem`, `DeleteItem` and `Scan` on the table. */
export function dynamoDenyWriter(tableName: string, client: DynamoDBClient): DenyWriter {
  return {
    async deny(denial) {
      await client.send(new PutItemCommand({ TableName: tableName, Item: toItem(denial) }));
    },
    async allow(denied) {
      const { Attributes } = await client.send(
        new DeleteItemCommand({
          TableName: tableName,
          Key: { id: { S: rowIdOf(denied) } },
          ReturnValues: 'ALL_OLD',
        }),
      );
      return Attributes !== undefined;
    },
    async list(now) {
      const rows: (Denial | { readonly unreadable: string })[] = [];
      for await (const page of paginateScan({ client }, { TableName: tableName })) {
        for (const item of page.Items ?? []) rows.push(toDenial(item));
      }
      return rows.filter((row) => !('until' in row && row.until !== undefined && row.until <= now));
    },
  };
}

function toItem(denial: Denial): Record<string, AttributeValue> {
  const { kind, value, issuer, reason, by, at, until } = denial;
  return {
    id: { S: rowIdOf(denial) },
    kind: { S: kind },
    value: { S: value },
    denied_at: { N: String(at) },
    ...(issuer !== undefined && { issuer: { S: issuer } }),
    ...(reason !== undefined && { reason: { S: reason } }),
    ...(by !== undefined && { denied_by: { S: by } }),
    ...(until !== undefined && { expires_at: { N: String(until) } }),
  };
}

function toDenial(item: Record<string, AttributeValue>): Denial | { readonly unreadable: string } {
  const id = item['id']?.S ?? '';
  const kind = item['kind']?.S;
  const value = item['value']?.S;
  if (value === undefined || !isKind(kind)) return { unreadable: id };
  const issuer = item['issuer']?.S;
  const denied: Denied = { kind, value, ...(issuer !== undefined && { issuer }) };
  if (rowIdOf(denied) !== id) return { unreadable: id };
  const reason = item['reason']?.S;
  const by = item['denied_by']?.S;
  const until = item['expires_at']?.N;
  return {
    ...denied,
    at: Number(item['denied_at']?.N ?? 0),
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    ...(until !== undefined && { until: Number(until) }),
  };
}

function isKind(kind: string | undefined): kind is DenialKind {
  return kind !== undefined && Object.hasOwn(DENIAL_KINDS, kind);
}
