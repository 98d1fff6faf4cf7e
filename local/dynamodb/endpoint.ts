import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import { readBody } from '../secrets-manager/read-body.ts';

type Value = Readonly<Record<string, string>>;
type Item = Readonly<Record<string, Value>>;

/** A running table. */
export interface DynamoEndpoint {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * As much of Amazon DynamoDB (AWS JSON 1.0) as the table of reports needs, in memory: PutItem on the condition that the item
 * is not there or its number is smaller, Query of one partition, DeleteItem. Any other call is refused. Loopback only.
 *
 * @see Amazon DynamoDB API reference
 */
export async function createDynamoEndpoint({ port }: { readonly port: number }): Promise<DynamoEndpoint> {
  const items = new Map<string, Item>();
  const keyOf = (item: Item) => JSON.stringify([item['target'], item['id']]);

  const calls: Readonly<Record<string, (input: Input) => unknown>> = {
    PutItem({ Item: item = {}, ConditionExpression: condition, ExpressionAttributeValues: values = {} }) {
      const before = items.get(keyOf(item));
      const isNewer = Number(before?.['iat']?.['N']) < Number(values[':iat']?.['N']);
      if (condition !== undefined && before !== undefined && !isNewer)
        throw new Refusal('ConditionalCheckFailedException');
      items.set(keyOf(item), item);
      return {};
    },
    Query({ ExpressionAttributeValues: values = {} }) {
      const target = values[':target']?.['S'];
      return { Items: [...items.values()].filter((item) => item['target']?.['S'] === target) };
    },
    DeleteItem({ Key: key = {} }) {
      items.delete(keyOf(key));
      return {};
    },
  };

  const { port: bound, close } = await listenOnLoopback(
    port,
    (request: IncomingMessage, response: ServerResponse) => {
      void answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify(body));
      });
    },
  );
  return { url: `http://127.0.0.1:${bound}`, close };

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    try {
      const call = Object.hasOwn(calls, operation) ? calls[operation] : undefined;
      if (call === undefined) throw new Refusal('UnknownOperationException');
      return { status: 200, body: call(JSON.parse(await readBody(request)) as Input) };
    } catch (error) {
      const name = error instanceof Refusal ? error.message : 'SerializationException';
      return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}` } };
    }
  }
}

interface Input {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>;
}

/** A call that DynamoDB refuses, by the name of its exception. */
class Refusal extends Error {}
