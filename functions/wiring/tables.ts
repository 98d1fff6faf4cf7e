import type { DenyTable } from '../../lib/admission/cached-table.ts';
import { dynamoDenyTable } from '../../lib/aws/deny-table.ts';
import { createDynamoClient } from '../../lib/aws/dynamo-client.ts';
import { dynamoStreamTable } from '../../lib/aws/stream-table.ts';
import type { StreamTable } from '../../lib/token-verification/streams.ts';

/*
 * DynamoDB's client is imported when a function starts, although a function without a table never uses it. A dynamic import
 * would put the whole client into the bundle, three times the part that is used.
 */

/** Two tries fit into the second that a request waits for the deny table. */
const DENY_TRY_MS = 400;
/** Two tries fit into the four seconds that a callback waits for the streams. */
const STREAM_TRY_MS = 1900;

/** The deny table that `DENY_TABLE` names; `undefined` without the variable, for example if the functions run without a stack. */
export function denyTableOf(env: Readonly<Record<string, string | undefined>>): DenyTable | undefined {
  const name = env['DENY_TABLE'];
  return name ? dynamoDenyTable(name, createDynamoClient(env, DENY_TRY_MS)) : undefined;
}

/** The table of live streams that `STREAMS_TABLE` names; `undefined` without one. */
export function streamTableOf(env: Readonly<Record<string, string | undefined>>): StreamTable | undefined {
  const name = env['STREAMS_TABLE'];
  return name ? dynamoStreamTable(name, createDynamoClient(env, STREAM_TRY_MS)) : undefined;
}
