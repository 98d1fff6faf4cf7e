import { request as forward } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopbackOrigin, listenOnLoopback } from './loopback.ts';

/** The options of the front. */
export interface ApiFrontOptions {
  readonly port: number;
  /** Where serverless-offline listens, on 127.0.0.1. */
  readonly behind: number;
  /** An origin that serverless.yml allows. */
  readonly allowedOrigin: string;
}

/**
 * A proxy before serverless-offline. It answers CORS for each origin of this machine as API Gateway does for a configured one,
 * so that developers can run their own page against the API. serverless-offline echoes any origin, so it never sees an origin
 * of another machine. Other requests pass through.
 *
 * @see Amazon API Gateway Developer Guide, "Configure CORS for HTTP APIs"
 */
export async function startApiFront({
  port,
  behind,
  allowedOrigin,
}: ApiFrontOptions): Promise<{ close: () => Promise<void> }> {
  return listenOnLoopback(port, (request, response) => pass(request, response, behind, allowedOrigin), {
    anyOrigin: true,
  });
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  behind: number,
  allowedOrigin: string,
): void {
  const { origin, ...others } = request.headers;
  const allowed = origin !== undefined && isLoopbackOrigin(origin);
  const upstream = forward(
    {
      host: '127.0.0.1',
      port: behind,
      method: request.method,
      path: request.url,
      headers: { ...others, ...(allowed && { origin: allowedOrigin }) },
    },
    (answer) => {
      const { statusCode = 502, headers } = answer;
      const answered = headers['access-control-allow-origin'];
      response.writeHead(statusCode, {
        ...headers,
        ...(allowed && answered !== undefined && { 'access-control-allow-origin': origin }),
      });
      answer.pipe(response);
    },
  );
  upstream.on('error', () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}
