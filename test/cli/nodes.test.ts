import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamoNodeTable } from '../../lib/aws/node-table.ts';
import { createDynamoEndpoint, type DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import { copyProject, runIn } from '../support/project.ts';

const CONFIG = `
  import { defineConfig, oidc, red5 } from './lib/config/index.ts';
  export default defineConfig({
    issuers: [oidc({ issuer: 'https://id.example.com', audience: 'web' })],
    targets: { red5: red5({ issuer: 'streampass', fleet: { by: 'reported' } }) },
    grants: [{ target: 'red5', actions: ['publish'], rooms: ['*'], transports: ['WHIP'], ttl: 3600 }],
  });`;

/** As the stage `prod` calls it. */
const TABLE = 'streampass-prod-nodes';

let dynamo: DynamoEndpoint;
let folder: string;
beforeAll(async () => {
  dynamo = await createDynamoEndpoint({ port: 0 });
  folder = await copyProject(CONFIG);
  const client = new DynamoDBClient({ ...access(), endpoint: dynamo.url });
  const keys = [
    { AttributeName: 'target', KeyType: 'HASH' },
    { AttributeName: 'id', KeyType: 'RANGE' },
  ] as const;
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [...keys],
    }),
  );
  await waitUntilTableExists({ client, minDelay: 0.1, maxWaitTime: 10 }, { TableName: TABLE });
  const table = dynamoNodeTable(TABLE, client);
  const report = { version: 1 as const, fingerprint: '0123456789abcdef', problems: ['disk\u001b[2J\nfull'] };
  const row = {
    id: `abcdef01${randomUUID()}`,
    node: 'node-7',
    iat: 1,
    seenAt: Date.now() / 1000,
    gone: false,
    report,
  };
  await table.put('red5', row, Date.now() / 1000 + 3600);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await dynamo.close();
});

function access() {
  return { region: 'eu-west-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };
}

function nodes(...args: readonly string[]) {
  return runIn(folder, [process.execPath, 'cli/nodes.ts', ...args], {
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  });
}

test('lists the nodes that report, and forgets one that is gone', async () => {
  expect((await nodes('list', '--stage', 'prod')).output).toMatch(
    /^red5 {2}node-7~abcdef01 {2}\d+ s ago {2}holds 0123456789abcdef {2}disk \[2J full\n$/,
  );
  expect(await nodes('forget', 'red5', 'node-8', '--stage', 'prod')).toEqual({
    code: 1,
    output: 'red5 has no node node-8; it has node-7~abcdef01\n',
  });
  expect((await nodes('forget', 'red5', 'node-7~abcdef01', '--stage', 'prod')).code).toBe(0);
  expect(await nodes('list', '--stage=prod', '--json')).toEqual({ code: 0, output: '{\n  "red5": []\n}\n' });
}, 60_000);

test('says what is wrong with the configuration, not that no servers report', async () => {
  await writeFile(join(folder, 'streampass.config.ts'), CONFIG.replace("'web'", "''"));
  expect(await nodes('list', '--stage', 'prod')).toEqual({
    code: 1,
    output: 'streampass.config.ts: issuers[0].audience: must not be empty\n',
  });
  await writeFile(join(folder, 'streampass.config.ts'), CONFIG);
});

test.each([
  [['list', 'jitsi', '--stage', 'prod'], 1, /^jitsi has no servers that report; those that have: red5/],
  [['--stage', 'prod'], 2, /^usage: npm run nodes/],
  [['list'], 2, /^usage: npm run nodes.*--stage STAGE {4}a deployed stage/s],
])('%j says what would be right', async (args, status, line) => {
  const { code, output } = await nodes(...args);
  expect(code).toBe(status);
  expect(output).toMatch(line);
});
