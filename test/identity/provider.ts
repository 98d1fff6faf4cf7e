import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a provider answers a path: a JSON document, or whatever a test does to the response. */
export type Answer = object | ((response: ServerResponse) => void);

/** An OpenID provider on a free port of loopback, whose answers a test can change at any time. */
export interface Provider {
  /** Its origin, without a slash at the end. */
  readonly origin: string;
  /** By path; a path that is not here answers 404. */
  readonly answers: Map<string, Answer>;
  /** How often a path was asked for. */
  count(path: string): number;
  close(): Promise<void>;
}

export async function startProvider(): Promise<Provider> {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') answer(response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    count: (path) => asked.filter((each) => each === path).length,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers that say nothing; each leaves nothing behind when the provider is closed. */
export const hang = (): void => undefined;
export const text =
  (body: string, status = 200) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  };
export const redirect = (location: string) => (response: ServerResponse) => {
  response.writeHead(302, { location }).end();
};
export const cutOff = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('{"keys":[', () => response.destroy());
};
