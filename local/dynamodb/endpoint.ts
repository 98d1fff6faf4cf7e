import type { Server } from 'node:http';
import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { listenOnLoopback } from '../loopback.ts';

/** A running DynamoDB. */
export interface DynamoEndpoint {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  close(): Promise<void>;
}

/** The tables of a stack: name, partition key and sort key, all strings. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  deny: ['id'],
  streams: ['id'],
  nodes: ['target', 'id'],
};

/**
 * Starts DynamoDB's emulation on loopback, with the tables of a stack: `deny`, `streams` and `nodes`.
 *
 * @param options.port 0 for one that is free
 * @param options.path a folder that keeps items after the process ends · default: memory only
 */
export async function createDynamoEndpoint({
  port,
  path,
}: {
  readonly port: number;
  readonly path?: string;
}): Promise<DynamoEndpoint> {
  const emulation: Server = dynalite({ createTableMs: 0, ...(path !== undefined && { path }) });
  const front = await listenOnLoopback(port, (request, response) => {
    emulation.emit('request', request, response);
  });
  const url = `http://127.0.0.1:${front.port}`;
  await createTables(url);
  return {
    url,
    async close() {
      await front.close();
      // It listens nowhere itself: this closes its tables.
      await new Promise((done) => emulation.close(done));
    },
  };
}

async function createTables(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials });
  for (const [TableName, keys] of Object.entries(TABLES)) {
    const table = new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
    });
    await client.send(table).catch((error: unknown) => {
      if (!(error instanceof ResourceInUseException)) throw error;
    });
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 }, { TableName });
  }
  client.destroy();
}
