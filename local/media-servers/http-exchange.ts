import type { IncomingMessage, ServerResponse } from 'node:http';

/** One HTTP request to a front, with its address parsed. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** Any page may call: these servers listen on loopback only and know no cookies. */
const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, PATCH, DELETE, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-expose-headers': 'location, etag',
  'cache-control': 'no-store',
};

/** Answers with a text and its type. */
export function answer(
  { response }: HttpExchange,
  status: number,
  body = '',
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...corsHeaders, ...headers });
  response.end(body);
}

/** Answers with JSON. */
export function answerJson(exchange: HttpExchange, status: number, body: unknown): void {
  answer(exchange, status, `${JSON.stringify(body)}\n`, { 'content-type': 'application/json' });
}

/** A request's body as text, or `undefined` for one over the limit (bytes), whose rest is thrown away. */
export async function readText(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  return size > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}
