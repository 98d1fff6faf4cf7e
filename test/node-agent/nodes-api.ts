import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';

/** An address that agents send their messages to. */
export interface NodesApi {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves on a free port what `answer` gives; nothing given, the connection breaks off. */
export async function startNodesApi(
  answer: (body: string, path: string) => Promise<ApiGatewayResponse | undefined>,
): Promise<NodesApi> {
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const part of request) body += String(part);
      const answered = await answer(body, request.url ?? '');
      if (answered === undefined) return void request.socket.destroy();
      response.writeHead(answered.statusCode, answered.headers).end(answered.body);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A node's message, as API Gateway hands it over. */
export function messageEvent(route: string, target: string, body: string): object {
  return {
    version: '2.0',
    routeKey: `POST ${route}`,
    rawPath: route.replace('{target}', target),
    pathParameters: { target },
    requestContext: { http: { method: 'POST', sourceIp: '192.0.2.1' } },
    body,
  };
}
