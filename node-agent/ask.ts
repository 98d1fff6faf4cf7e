import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What a server answered; of its body no more than was asked for. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const MOST_BYTES = 65_536;

/**
 * One request, over a connection of its own; no redirect is followed. Not by `fetch`: its code takes 20 MB of memory, which an
 * agent beside a media server has no need of.
 *
 * @param body sent by POST as `application/jwt`; left out, the address is asked by GET
 * @param mostBytes of the answer; left out, 64 KiB
 * @throws {Error} there was no answer in time
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

/** What an answer says; `undefined` if it is not JSON. The error is not passed on, because it holds a part of the text. */
export function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
