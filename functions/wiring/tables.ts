import type { DenyTable } from '../../lib/admission/cached-table.ts';
import type { StreamTable } from '../../lib/token-verification/streams.ts';

/** Two tries fit into the second that a request waits for the deny table. */
const DENY_TRY_MS = 400;
/** Two tries fit into the four seconds that a callback waits for the streams. */
const STREAM_TRY_MS = 1900;

/** The tables' code and a client, which only a function that has tables loads. */
async function load(env: Readonly<Record<string, string | undefined>>, tryMs: number) {
  const { createDynamoClient, dynamoDenyTable, dynamoStreamTable } = await import('../../lib/aws/tables.ts');
  return { dynamoDenyTable, dynamoStreamTable, client: createDynamoClient(env, tryMs) };
}

/**
 * The deny table that `DENY_TABLE` names; `undefined` without one, as where functions run without a stack. Only a function
 * that has one loads DynamoDB's client.
 */
export function denyTableOf(env: Readonly<Record<string, string | undefined>>): DenyTable | undefined {
  const name = env['DENY_TABLE'];
  if (!name) return undefined;
  const table = load(env, DENY_TRY_MS).then(({ dynamoDenyTable, client }) => dynamoDenyTable(name, client));
  return { find: async (keys) => (await table).find(keys) };
}

/** The table of live streams that `STREAMS_TABLE` names; `undefined` without one. */
export function streamTableOf(env: Readonly<Record<string, string | undefined>>): StreamTable | undefined {
  const name = env['STREAMS_TABLE'];
  if (!name) return undefined;
  const table = load(env, STREAM_TRY_MS).then(({ dynamoStreamTable, client }) =>
    dynamoStreamTable(name, client),
  );
  return {
    take: async (item, now) => (await table).take(item, now),
    remove: async (id, holder) => (await table).remove(id, holder),
  };
}
