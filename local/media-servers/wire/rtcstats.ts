import { STATUS_CODES } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Fleet } from '../fleet.ts';
import { answer } from '../http-exchange.ts';
import type { WireForm } from '../wire-form.ts';

/**
 * rtcstats-server: `ws://HOST/ANYPATH?rtcstats-token=T`, subprotocol `rtcstats#5.0` or none. The 101 comes before the
 * decision; whoever is refused is closed with 1008 and no text. `GET /healthcheck` asks nobody for a token.
 */
export function rtcstatsWire(fleet: Fleet<'rtcstats'>): WireForm {
  const sockets = new Map<WebSocket, number>();
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('rtcstats#5.0') ? 'rtcstats#5.0' : false),
  });

  return {
    answer: (exchange) => {
      if (exchange.request.method !== 'GET' || exchange.request.url !== '/healthcheck') return false;
      answer(exchange, 200);
      return true;
    },
    upgrade: (request, url, socket, head) => {
      const token = url.searchParams.get('rtcstats-token') ?? undefined;
      const picked = fleet.pick(url.searchParams.get('node'), token);
      if (!picked.ok) {
        socket.end(`HTTP/1.1 503 ${STATUS_CODES[503]}\r\nconnection: close\r\n\r\n`);
        return;
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => webSocket.terminate());
        const decision = fleet.decide(picked, token, { action: 'report' });
        if (!decision.accepted) {
          webSocket.close(1008);
          return;
        }
        sockets.set(webSocket, picked.node.index);
        webSocket.on('close', () => sockets.delete(webSocket));
      });
    },
    // The process ends without a close frame: clients see 1006.
    stopNode: (index) => {
      for (const [webSocket, node] of sockets) if (node === index) webSocket.terminate();
    },
    close: () => {
      for (const webSocket of server.clients) webSocket.terminate();
      server.close();
    },
  };
}
