import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A server's answer; its body is cut at `mostBytes`. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const MOST_BYTES = 65_536;

/**
 * One request, over a connection of its own; no redirect is followed. It does not use `fetch`, whose code takes 20 MB of memory
 * beside the media server.
 *
 * @param body sent by POST as `application/jwt` · default: none, and the request is a GET
 * @param mostBytes longest body that is read of the answer · default 64 KiB
 * @throws {Error} there was no answer in time, or no connection
 */
export function ask(
  address: string,
  timeoutMs: number,
  body?: string,
  mostBytes = MOST_BYTES,
): Promise<Answer> {
  const send = address.startsWith('https:') ? requestHttps : requestHttp;
  const post = { method: 'POST', headers: { 'content-type': 'application/jwt' } };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const request = send(address, { agent: false, signal, ...(body !== undefined && post) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text = (text + part).slice(0, mostBytes);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) return reject(new Error(`no answer in ${timeoutMs / 1000} s`));
      // A name with several addresses, none of which answers, gives an error without a message.
      reject(error.message === '' ? new Error(error.code) : error);
    });
    request.end(body);
  });
}

/** The JSON value of an answer; `undefined` if it is not JSON. The parser's error is not passed on, because it holds a part of the text. */
export function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
