import { Agent, get as getHttps } from 'node:https';
import { isLoopback } from '../oauth/loopback.ts';
import type { GetJson } from '../ports.ts';

/** Most that is read of one document, in bytes. */
export const MAX_BYTES = 512 * 1024;

/**
 * Each request opens a connection: a kept one would be dead when a frozen function resumes. TLS sessions are kept, so that the
 * second request to a provider needs no full handshake.
 */
const agent = new Agent({ keepAlive: false });

/**
 * One JSON document over HTTPS, or over HTTP on loopback. Follows no redirect and reads 512 KiB at most. Rejects if the status
 * is not 200, the body is not JSON, or the whole document has not arrived within `seconds`. An error holds nothing of the
 * answer but its status.
 */
export const getJson: GetJson = (url, seconds) => {
  const { protocol, hostname, origin } = new URL(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) {
    return Promise.reject(new Error(`${origin} is asked over https only`));
  }
  // Not imported: `import 'node:http'` of an ES module loads all of undici.
  const { get } = protocol === 'https:' ? { get: getHttps } : process.getBuiltinModule('node:http');
  const signal = AbortSignal.timeout(Math.ceil(seconds * 1000));
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' };
  const request = get(url, { agent: protocol === 'https:' ? agent : false, headers, signal }, (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (problem: string): void => {
      request.destroy();
      reject(new Error(`${url} ${problem}`));
    };
    if (response.statusCode !== 200) return refuse(`answered ${response.statusCode} instead of 200`);
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) refuse(`sent more than ${MAX_BYTES} bytes`);
      else chunks.push(chunk);
    });
    response.on('end', () => {
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      } catch {
        refuse('sent no JSON');
      }
    });
    response.on('error', fail);
  });
  request.on('error', fail);

  function fail(error: Error): void {
    const why = signal.aborted ? `did not answer within ${seconds} s` : `cannot be asked: ${error.message}`;
    reject(new Error(`${url} ${why}`, { cause: error }));
  }
  return promise;
};
