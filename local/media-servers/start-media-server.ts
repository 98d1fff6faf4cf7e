import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { listenOnLoopback } from '../loopback.ts';
import { answerConnect } from './connect.ts';
import { makeFleet, type Fleet } from './fleet.ts';
import { answer, answerJson, type HttpExchange } from './http-exchange.ts';
import { startMediaNode, type MediaNode, type NodeStatus } from './media-node.ts';
import { removeReloadAddress, writeReloadAddress } from './reload-address.ts';
import type { MediaServerKind } from './rules/index.ts';
import { jitsiWire } from './wire/jitsi.ts';
import { red5Wire } from './wire/red5.ts';
import { rtcstatsWire } from './wire/rtcstats.ts';
import type { WireForm } from './wire-form.ts';

/** How a local media server is started. */
export interface MediaServerOptions {
  readonly kind: MediaServerKind;
  /** On loopback · 0 takes a free one. */
  readonly port: number;
  /** One configuration file a node; a file that is not there leaves its node down until a reload finds it. */
  readonly files: readonly string[];
  /** Epoch seconds: the servers' clock. Default: the machine's. */
  readonly now?: () => number;
  /** Milliseconds · how long a restart of a Red5 or rtcstats node takes. Default 600. */
  readonly downtimeMs?: number;
}

/** A running media server: several nodes behind one address. */
export interface MediaServer {
  readonly kind: MediaServerKind;
  readonly port: number;
  /** `http://localhost:PORT` */
  readonly url: string;
  readonly status: () => readonly NodeStatus[];
  /** Makes one node read its file again; settles when it is up or has failed. */
  readonly reload: (index: number) => Promise<NodeStatus>;
  /** Ends every connection and frees the port. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a media server that decides about tokens by its kind's documented rules. Each node reads its own configuration file when
 * it starts and when it is told to reload (`POST /nodes/N/reload`), never in between.
 *
 * @throws {Error} one line: the port is taken
 */
export async function startMediaServer(options: MediaServerOptions): Promise<MediaServer> {
  const { kind } = options;
  const fleet = await openFleetOf(options);
  const server = await listenOnLoopback(
    options.port,
    (request, response) => void answerRequest(fleet, request, response),
    {
      upgrade: (request, socket, head) => {
        const url = parseUrl(request);
        if (url === undefined || fleet.wire.upgrade === undefined) socket.destroy();
        else fleet.wire.upgrade(request, url, socket, head);
      },
    },
  );
  const { port } = server;
  await Promise.all(
    fleet.nodes.map(({ status, index }) =>
      writeReloadAddress(status().file, `http://127.0.0.1:${port}/nodes/${index}/reload`),
    ),
  );

  return {
    kind,
    port,
    url: `http://localhost:${port}`,
    status: () => fleet.nodes.map(({ status }) => status()),
    reload: async (index) => {
      const node = fleet.nodes[index];
      if (node === undefined) throw new RangeError(`there is no node ${index}`);
      return node.reload();
    },
    close: async () => {
      await fleet.wire.close();
      await server.close();
      await Promise.all(fleet.nodes.map(({ status }) => removeReloadAddress(status().file)));
    },
  };
}

/** A fleet of any kind: what the front needs of it. */
interface OpenFleet {
  readonly nodes: readonly Pick<MediaNode<MediaServerKind>, 'index' | 'status' | 'reload'>[];
  readonly wire: WireForm;
  readonly connect: (exchange: HttpExchange) => Promise<void>;
}

function openFleetOf(options: MediaServerOptions): Promise<OpenFleet> {
  switch (options.kind) {
    case 'red5':
      return openFleet('red5', red5Wire, options);
    case 'jitsi':
      return openFleet('jitsi', jitsiWire, options);
    case 'rtcstats':
      return openFleet('rtcstats', rtcstatsWire, options);
  }
}

async function openFleet<Kind extends MediaServerKind>(
  kind: Kind,
  wireOf: (fleet: Fleet<Kind>) => WireForm,
  { files, downtimeMs = 600, now = () => Math.floor(Date.now() / 1000) }: MediaServerOptions,
): Promise<OpenFleet> {
  const stops: ((index: number) => void)[] = [];
  const onStop = (index: number) => {
    for (const stop of stops) stop(index);
  };
  const nodes = await Promise.all(
    files.map((file, index) => startMediaNode({ kind, index, file: resolve(file), downtimeMs, onStop })),
  );
  const fleet = makeFleet(kind, nodes, now);
  const wire = wireOf(fleet);
  stops.push(wire.stopNode);
  return { nodes, wire, connect: (exchange) => answerConnect(fleet, exchange) };
}

async function answerRequest(
  fleet: OpenFleet,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = parseUrl(request);
  const exchange = { request, response, url: url ?? new URL('http://localhost/') };
  try {
    if (url === undefined) answerJson(exchange, 400, { reason: 'the address cannot be read' });
    else if (request.method === 'OPTIONS') answer(exchange, 204);
    else if (!(await answerRoute(fleet, exchange)) && !(await fleet.wire.answer(exchange))) {
      answerJson(exchange, 404, { reason: 'no such address' });
    }
  } catch {
    // The client went away while its request was read.
    response.destroy();
  }
}

/** The addresses that every kind has. */
async function answerRoute(fleet: OpenFleet, exchange: HttpExchange): Promise<boolean> {
  const { request, url } = exchange;
  const route = `${request.method} ${url.pathname}`;
  if (route === 'POST /connect') {
    await fleet.connect(exchange);
    return true;
  }
  if (route === 'GET /status') {
    answerJson(exchange, 200, { nodes: fleet.nodes.map(({ status }) => status()) });
    return true;
  }
  const index = /^POST \/nodes\/(\d{1,4})\/reload$/.exec(route)?.[1];
  const node = index === undefined ? undefined : fleet.nodes[Number(index)];
  if (node === undefined) return false;
  const status = await node.reload();
  answerJson(exchange, status.state === 'up' ? 200 : 409, status);
  return true;
}

function parseUrl({ url = '/' }: IncomingMessage): URL | undefined {
  return URL.parse(url, 'http://localhost') ?? undefined;
}
