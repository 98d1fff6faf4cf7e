import { arn, type Resource, type Resources, type Value } from './cloudformation.ts';
import { nameOf, reports, targetsWhere, type StackContext } from './context.ts';

/** One table of the stack. */
interface TableRow {
  /** Its partition key, and its sort key if it has one; strings. */
  readonly keys: readonly [string] | readonly [string, string];
  /** Whether it outlives the stack, with a recovery to any second of the last 35 days. */
  readonly kept?: true;
  readonly when?: (context: StackContext) => boolean;
}

/** The tables by name. All have the attribute `expires_at` (epoch seconds), some time after which DynamoDB removes an item. */
const TABLES = {
  /** Users and sessions that get no token any more, whatever the rules say. */
  deny: { keys: ['id'], kept: true },
  /** The used slots of rules with a cap, and live streams. Each ends with its token. */
  streams: { keys: ['id'] },
  /** The reports of nodes about the secret that they hold. */
  nodes: { keys: ['target', 'id'], when: (context) => targetsWhere(context, reports).length > 0 },
} as const satisfies Readonly<Record<string, TableRow>>;

/** The name of a table in `TABLES`. */
export type TableName = keyof typeof TABLES;

/** The tables that the configuration needs, except a deny table that an earlier stack left. */
export function tableResources(context: StackContext): Resources {
  const rows: readonly (readonly [string, TableRow])[] = Object.entries(TABLES);
  return Object.fromEntries(
    rows
      .filter(([, { when }]) => when?.(context) ?? true)
      .filter(([, { kept }]) => !(kept && context.config.deploy.existingDenyTable))
      .map(([name, row]) => [
        `${name.charAt(0).toUpperCase()}${name.slice(1)}Table`,
        table(context, name, row),
      ]),
  );
}

function table(context: StackContext, name: string, { keys, kept }: TableRow): Resource {
  return {
    Type: 'AWS::DynamoDB::Table',
    ...(kept && { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }),
    Properties: {
      TableName: nameOf(context, name),
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
      KeySchema: keys.map((key, index) => ({ AttributeName: key, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
      SSESpecification: { SSEEnabled: true },
      ...(kept && { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }),
    },
  };
}

/** A table's ARN, for policies. */
export function tableArn(context: StackContext, name: TableName): Value {
  return arn('dynamodb', `table/${nameOf(context, name)}`);
}
