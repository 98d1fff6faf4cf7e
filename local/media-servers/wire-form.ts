import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpExchange } from './http-exchange.ts';

/** The protocol of a kind of server, beside `POST /connect`. */
export interface WireForm {
  /** Whether it answered, or will: false leaves the request to the 404. */
  readonly answer: (exchange: HttpExchange) => boolean | Promise<boolean>;
  /** Takes a WebSocket's upgrade over; left out where the server has no WebSocket. */
  readonly upgrade?: (request: IncomingMessage, url: URL, socket: Duplex, head: Buffer) => void;
  /** Ends the connections that a restart of a node ends. */
  readonly stopNode: (index: number) => void;
  /** Ends everything. */
  readonly close: () => void | Promise<void>;
}
