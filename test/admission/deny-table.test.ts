import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { dynamoDenyTable } from '../../lib/aws/deny-table.ts';
import { createDynamoClient } from '../../lib/aws/dynamo-client.ts';

/** As much of DynamoDB as the deny table asks for: BatchGetItem of one table, over its JSON protocol. */
let items: Record<string, { N?: string; S?: string } | undefined>;
let fault: ((response: ServerResponse) => void) | undefined;
let requests: { target: string | undefined; authorization: string | undefined }[];
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { headers } = request;
      requests.push({ target: String(headers['x-amz-target']), authorization: headers.authorization });
      if (fault !== undefined) return fault(response);
      const asked = JSON.parse(body) as { RequestItems: { deny: { Keys: { id: { S: string } }[] } } };
      const found = asked.RequestItems.deny.Keys.filter(({ id }) => Object.hasOwn(items, id.S)).map(
        ({ id }) => ({ id, ...(items[id.S] && { expires_at: items[id.S] }) }),
      );
      answer(response, 200, { Responses: { deny: found }, UnprocessedKeys: {} });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  items = {};
  fault = undefined;
  requests = [];
});

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}

const find = (keys: readonly string[]) =>
  dynamoDenyTable(
    'deny',
    createDynamoClient(
      { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      400,
    ),
  ).find(keys);

test('finds the denied among the keys, and when each denial ends, in one request', async () => {
  items = { 'id#ended': { N: '1000' }, 'id#ever': undefined, 'id#unreadable': { S: 'tomorrow' } };
  const found = await find(['id#ended', 'id#ever', 'id#unreadable', 'id#anna']);
  expect(Object.fromEntries(found)).toEqual({
    'id#ended': 1000,
    'id#ever': Infinity,
    'id#unreadable': Infinity,
  });
  expect(requests).toHaveLength(1);
  expect(requests[0]?.target).toBe('DynamoDB_20120810.BatchGetItem');
  expect(requests[0]?.authorization).toContain('/eu-west-1/dynamodb/aws4_request');
});

test.each<[string, (response: ServerResponse) => void]>([
  ['refuses', (response) => answer(response, 400, { __type: 'com.amazonaws#AccessDeniedException' })],
  ['is broken', (response) => answer(response, 500, {})],
  ['answers with something else', (response) => answer(response, 200, 'denied')],
  [
    'has no such table',
    (response) => answer(response, 400, { __type: 'com.amazonaws#ResourceNotFoundException' }),
  ],
  ['answers for nothing', (response) => answer(response, 200, { Responses: {} })],
  [
    'answers for some keys alone',
    (response) =>
      answer(response, 200, {
        Responses: { deny: [] },
        UnprocessedKeys: { deny: { Keys: [{ id: { S: 'id#anna' } }] } },
      }),
  ],
  ['never answers', () => undefined],
  ['hangs up', (response) => void response.destroy()],
])('rejects where DynamoDB %s', async (_title, misbehave) => {
  fault = misbehave;
  await expect(find(['id#anna'])).rejects.toBeInstanceOf(Error);
});
