import { get as getHttps } from 'node:https';
import type { GetJson } from '../ports.ts';

/** Most that is read of one document, in bytes. */
const MAX_BYTES = 512 * 1024;

/** One JSON document over HTTPS, or over HTTP on loopback. Follows no redirect and reads 512 KiB at most. */
export const getJson: GetJson = async (url, seconds) => {
  const { protocol } = new URL(url);
  const get = protocol === 'http:' ? (await import('node:http')).get : getHttps;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const request = get(url, { signal: AbortSignal.timeout(Math.ceil(seconds * 1000)), agent: false }, (response) => {
    if (response.statusCode !== 200) {
      request.destroy(new Error(`the provider answered ${response.statusCode}`));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) request.destroy(new Error('the provider sent too much'));
      else chunks.push(chunk);
    });
    response.on('end', () => {
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      } catch {
        reject(new Error('the provider sent no JSON'));
      }
    });
    response.on('error', reject);
  });
  request.on('error', reject);
  return promise;
};
