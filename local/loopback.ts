/** Listeners of the local stack: on loopback only, and for this machine's own programs and pages only. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { isLoopback } from '../lib/oauth/loopback.ts';

/** A listener on both loopback addresses, so that `localhost` reaches it however it is resolved. */
interface LoopbackServer {
  readonly port: number;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/** What a listener accepts beside requests. */
interface ListenOptions {
  /** Takes a WebSocket's upgrade over · default: none are. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Pages of other sites may call, as they may call a deployed API; it is up to the listener what they may read. */
  readonly anyOrigin?: boolean;
}

/**
 * Listens on 127.0.0.1 and, if the machine has IPv6, on ::1, never on another address. A request of another site's page is
 * refused before it reaches the listener.
 *
 * @param port 0 takes a port that is free on both.
 * @throws {Error} the port is taken on either address; nothing listens then.
 */
export async function listenOnLoopback(
  port: number,
  listener: RequestListener,
  options: ListenOptions = {},
): Promise<LoopbackServer> {
  const ipv4 = await listen(port, '127.0.0.1', listener, options);
  const { port: boundPort } = ipv4.address() as AddressInfo;
  const servers = [ipv4];
  try {
    servers.push(await listen(boundPort, '::1', listener, options));
  } catch (error) {
    if (!isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) {
      await closeAll(servers);
      // The free port that 127.0.0.1 gave may be in use on ::1: ask for another one.
      if (port === 0 && isErrno(error, 'EADDRINUSE')) return listenOnLoopback(0, listener, options);
      throw explain(error, boundPort);
    }
  }
  return { port: boundPort, close: () => closeAll(servers) };
}

/**
 * The reason that another site's page may have sent this request; `undefined` if none can have sent it. Either the host name is
 * not this machine's own (DNS rebinding), or a page of another site asks for a change (cross-site request forgery).
 */
export function foreignness(
  { method = '', headers }: IncomingMessage,
  anyOrigin = false,
): { readonly status: number; readonly problem: string } | undefined {
  const { host = '', origin } = headers;
  if (!isLoopbackOrigin(`http://${host}`))
    return { status: 421, problem: 'This server answers as localhost only.' };
  const changes = headers.upgrade !== undefined || !['GET', 'HEAD', 'OPTIONS'].includes(method);
  if (changes && !anyOrigin && origin !== undefined && !isLoopbackOrigin(origin))
    return { status: 403, problem: `Pages of ${JSON.stringify(origin)} may change nothing on this machine.` };
  return undefined;
}

/** Whether it is an origin of this machine, on any port (RFC 6454 §6.2). */
export function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return (
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.href === `${url.origin}/` &&
    isLoopback(url.hostname)
  );
}

async function listen(
  port: number,
  host: string,
  listener: RequestListener,
  { upgrade, anyOrigin = false }: ListenOptions,
): Promise<Server> {
  const server = createServer((request, response) => {
    const foreign = foreignness(request, anyOrigin);
    if (foreign === undefined) listener(request, response);
    else
      response
        .writeHead(foreign.status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
        .end(`${foreign.problem}\n`);
  });
  if (upgrade !== undefined) {
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (foreignness(request) === undefined) upgrade(request, socket, head);
      else socket.destroy();
    });
  }
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw host === '::1' ? error : explain(error, port);
  }
  return server;
}

function explain(error: unknown, port: number): unknown {
  if (!isErrno(error, 'EADDRINUSE')) return error;
  return new Error(
    `port ${port} is taken: end the program that listens on localhost:${port}, or choose another with --port`,
    { cause: error },
  );
}

function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    }),
  );
}
