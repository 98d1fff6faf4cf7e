import { request as forward } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { listenOnLoopback } from './oidc-provider/loopback.ts';

/** What the front is started with. */
export interface ApiFrontOptions {
  readonly port: number;
  /** Where serverless-offline listens, on 127.0.0.1. */
  readonly behind: number;
  /** The origins that serverless.yml allows. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Stands before serverless-offline and answers CORS as API Gateway does: headers for configured origins alone, while the
 * emulation echoes whatever origin it is sent. All else passes through.
 *
 * @see Amazon API Gateway Developer Guide, "Configure CORS for HTTP APIs"
 */
export async function startApiFront({
  port,
  behind,
  allowedOrigins,
}: ApiFrontOptions): Promise<{ close: () => Promise<void> }> {
  return listenOnLoopback(port, (request, response) => pass(request, response, behind, allowedOrigins));
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  behind: number,
  allowedOrigins: readonly string[],
): void {
  const upstream = forward(
    { host: '127.0.0.1', port: behind, method: request.method, path: request.url, headers: request.headers },
    (answer) => {
      const allowed = allowedOrigins.includes(request.headers.origin ?? '');
      response.writeHead(answer.statusCode ?? 502, allowed ? answer.headers : withoutCors(answer.headers));
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

function withoutCors(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('access-control-')));
}
