import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A listener on both loopback addresses, so that `localhost` reaches it however it is resolved. */
interface LoopbackServer {
  readonly port: number;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 and, where the machine has IPv6, on ::1, never on another address.
 *
 * @param port 0 takes a port that is free on both.
 * @throws {Error} where the port is taken on either address; nothing listens then.
 */
export async function listenOnLoopback(port: number, listener: RequestListener): Promise<LoopbackServer> {
  const ipv4 = await listen(port, '127.0.0.1', listener);
  const { port: boundPort } = ipv4.address() as AddressInfo;
  const servers = [ipv4];
  try {
    servers.push(await listen(boundPort, '::1', listener));
  } catch (error) {
    if (!isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) {
      await closeAll(servers);
      // The free port that 127.0.0.1 gave may be in use on ::1: ask for another one.
      if (port === 0 && isErrno(error, 'EADDRINUSE')) return listenOnLoopback(0, listener);
      throw explain(error, boundPort);
    }
  }
  return { port: boundPort, close: () => closeAll(servers) };
}

async function listen(port: number, host: string, listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw host === '::1' ? error : explain(error, port);
  }
  return server;
}

function explain(error: unknown, port: number): unknown {
  if (!isErrno(error, 'EADDRINUSE')) return error;
  return new Error(`port ${port} is taken: end the program that listens on localhost:${port}`, {
    cause: error,
  });
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
