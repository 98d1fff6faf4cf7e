import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ServiceError } from './service-error.ts';

/** Room for a value of 64 KiB of which JSON escapes every byte, and for all else a call can hold. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * The request's body as text. Bytes that are not UTF-8 are refused rather than replaced: they would become
 * part of a secret that nobody sent.
 *
 * @throws {ServiceError} RequestEntityTooLargeException past 1 MiB, of which nothing is kept ·
 *   SerializationException: not UTF-8
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const bytes = await collect(request);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ServiceError('SerializationException', 'The body must be UTF-8.');
  }
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        chunks.length = 0;
        reject(
          new ServiceError(
            'RequestEntityTooLargeException',
            `The body is longer than ${MAX_BODY_BYTES} bytes.`,
          ),
        );
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}
