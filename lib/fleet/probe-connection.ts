import { randomBytes } from 'node:crypto';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { ProbeError, type ProbeAnswer, type ProbeConnection } from '../media-servers/probe.ts';

const ANSWER_MS = 5000;
/** A server that decides after the connection is open does so within milliseconds. */
const DECISION_MS = 1000;
const MOST_BYTES = 64 * 1024;
/** WebSocket opcodes (RFC 6455 §5.2). */
const CLOSE = 8;

/**
 * Connections of a probe to one origin. Nothing is sent elsewhere, no redirect is followed, and at most 64 KiB are read,
 * whatever the server answers.
 *
 * @param origin the configured one
 */
export function connectionTo(origin: string): ProbeConnection {
  const open = (url: URL, options: RequestOptions, body?: string): Promise<Opened> => {
    if (url.origin !== origin) throw new ProbeError(`leads to another origin than ${origin}`);
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        ...options,
        agent: false,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      request.on('response', (response) => resolve({ response }));
      request.on('upgrade', (_response, socket, head) => resolve({ socket, head }));
      request.on('error', (error) => reject(toProbeError(error)));
      request.end(body);
    });
  };

  return {
    async post(url, contentType, body) {
      const headers = { 'content-type': contentType, 'accept-encoding': 'identity' };
      const { response } = await open(url, { method: 'POST', headers }, body);
      if (response === undefined) throw new ProbeError('answered with another protocol');
      return readAnswer(response);
    },

    async remove(url) {
      const { response } = await open(url, { method: 'DELETE' });
      response?.destroy();
    },

    async openSocket(url) {
      const { response, socket, head } = await open(url, {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': randomBytes(16).toString('base64'),
        },
      });
      if (socket !== undefined) return firstWord(socket, head);
      response?.destroy();
      throw new ProbeError(`status ${response?.statusCode ?? 0} instead of a WebSocket`);
    },
  };
}

interface Opened {
  readonly response?: IncomingMessage;
  readonly socket?: Duplex;
  readonly head?: Buffer;
}

async function readAnswer(response: IncomingMessage): Promise<ProbeAnswer> {
  const read: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      read.push(chunk);
      bytes += chunk.length;
      if (bytes >= MOST_BYTES) break; // This closes the connection.
    }
  } catch (error) {
    throw toProbeError(error);
  } finally {
    response.destroy();
  }
  const text = Buffer.concat(read).subarray(0, MOST_BYTES).toString('utf8');
  return { status: response.statusCode ?? 0, text, location: response.headers.location };
}

/** What a server says first on an open WebSocket. Only the first frame is read (RFC 6455 §5.2). */
function firstWord(socket: Duplex, head: Buffer | undefined): ReturnType<ProbeConnection['openSocket']> {
  return new Promise((resolve) => {
    let read = head ?? Buffer.alloc(0);
    const end = (said: Awaited<ReturnType<ProbeConnection['openSocket']>>): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const look = (): void => {
      const [first = 0, second = 0] = read;
      if (read.length < 2) return;
      if ((first & 0x0f) !== CLOSE) return end('message');
      // A close frame has at most 125 bytes, of which the first two are its code.
      const length = second & 0x7f;
      if (read.length < 2 + length) return;
      const code = length >= 2 ? read.readUInt16BE(2) : 1005;
      end({ code, reason: read.subarray(4, 2 + length).toString('utf8') });
    };
    const timer = setTimeout(() => end('open'), DECISION_MS);
    socket.on('data', (chunk: Buffer) => {
      if (read.length < MOST_BYTES) read = Buffer.concat([read, chunk]);
      look();
    });
    socket.on('error', () => end({ code: 1006, reason: '' }));
    socket.on('close', () => end({ code: 1006, reason: '' }));
    look();
  });
}

function toProbeError(error: unknown): ProbeError {
  if (error instanceof ProbeError) return error;
  if (!(error instanceof Error)) return new ProbeError('cannot be reached');
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return new ProbeError('did not answer in time');
  return new ProbeError(`cannot be reached${'code' in error ? ` (${String(error.code)})` : ''}`);
}
