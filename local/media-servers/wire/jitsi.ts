import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Fleet } from '../fleet.ts';
import { answer, answerJson, readText, type HttpExchange } from '../http-exchange.ts';
import type { WireForm } from '../wire-form.ts';
import { attribute, startXmppSession, type XmppSession } from './xmpp-session.ts';

/** Prosody does not parse a longer request head, and never answers it. */
const longestHeadBytes = 10 * 1024;
const longestBody = 256 * 1024;
/** An empty reply keeps a BOSH client's poll going (XEP-0124 §7). */
const pollMs = 5_000;

interface BoshSession {
  readonly xmpp: XmppSession;
  /** The request that is held open until there is something to say. */
  held?: { readonly exchange: HttpExchange; readonly timer: NodeJS.Timeout } | undefined;
}

/**
 * Prosody's two ways in: BOSH `POST /http-bind?room=R&token=T` (XEP-0124, XEP-0206) and the WebSocket
 * `/xmpp-websocket?room=R&token=T` (RFC 7395). The token may also come as `Authorization: Bearer`; the address wins.
 */
export function jitsiWire(fleet: Fleet<'jitsi'>): WireForm {
  const boshSessions = new Map<string, BoshSession>();
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestBody,
    handleProtocols: (offered) => (offered.has('xmpp') ? 'xmpp' : false),
  });

  const answerBosh = async (exchange: HttpExchange): Promise<void> => {
    const xml = (await readText(exchange.request, longestBody)) ?? '';
    const sid = attribute(xml, 'sid');
    if (sid !== undefined) {
      const session = boshSessions.get(sid);
      if (session === undefined) replyBosh(exchange, '', ` type='terminate' condition='item-not-found'`);
      else continueBosh(boshSessions, sid, session, exchange, xml);
      return;
    }
    const token = tokenOf(exchange.request, exchange.url);
    const picked = fleet.pick(exchange.url.searchParams.get('node'), token);
    if (!picked.ok) {
      answerJson(exchange, picked.unknown ? 400 : 503, { reason: picked.problem });
      return;
    }
    const xmpp = startXmppSession(fleet, picked, token);
    const newSid = randomUUID();
    boshSessions.set(newSid, { xmpp });
    const attributes = ` sid='${newSid}' wait='60' hold='1' from='${xmpp.domain}' ver='1.6' xmpp:version='1.0'`;
    replyBosh(exchange, features(xmpp), attributes);
  };

  return {
    answer: async (exchange) => {
      const { request, url } = exchange;
      if (url.pathname !== '/http-bind' || request.method !== 'POST') return false;
      if (headBytes(request) <= longestHeadBytes) await answerBosh(exchange);
      return true;
    },
    upgrade: (request, url, socket, head) => {
      if (headBytes(request) > longestHeadBytes) return;
      const token = tokenOf(request, url);
      const picked = fleet.pick(url.searchParams.get('node'), token);
      if (url.pathname !== '/xmpp-websocket' || !picked.ok) {
        const status = picked.ok ? 404 : 503;
        socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n\r\n`);
        return;
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => webSocket.terminate());
        const xmpp = startXmppSession(fleet, picked, token);
        webSocket.on('message', (message: Buffer) => {
          for (const reply of framed(xmpp, message.toString('utf8'))) webSocket.send(reply);
        });
      });
    },
    // A reload of the module leaves live sessions alone.
    stopNode: () => undefined,
    close: () => {
      for (const { held } of boshSessions.values()) clearTimeout(held?.timer);
      for (const webSocket of webSockets.clients) webSocket.terminate();
      webSockets.close();
    },
  };
}

/** The query's token, else a bearer token; both only on the request that opens the session. */
function tokenOf(request: IncomingMessage, url: URL): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return url.searchParams.get('token') ?? bearer;
}

function headBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  return method.length + url.length + rawHeaders.reduce((sum, part) => sum + part.length + 2, 16);
}

function features(xmpp: XmppSession): string {
  return `<stream:features xmlns:stream='http://etherx.jabber.org/streams'>${xmpp.features()}</stream:features>`;
}

function continueBosh(
  sessions: Map<string, BoshSession>,
  sid: string,
  session: BoshSession,
  exchange: HttpExchange,
  xml: string,
): void {
  release(session);
  if (attribute(xml, 'type') === 'terminate') {
    sessions.delete(sid);
    replyBosh(exchange, '', ` type='terminate'`);
    return;
  }
  const restarted = attribute(xml, 'xmpp:restart') === 'true' ? [features(session.xmpp)] : [];
  const replies = [...restarted, ...session.xmpp.handle(xml)];
  if (replies.length > 0) {
    replyBosh(exchange, replies.join(''));
    return;
  }
  session.held = { exchange, timer: setTimeout(() => release(session), pollMs) };
}

function release(session: BoshSession): void {
  if (session.held === undefined) return;
  clearTimeout(session.held.timer);
  replyBosh(session.held.exchange, '');
  session.held = undefined;
}

function replyBosh(exchange: HttpExchange, content: string, attributes = ''): void {
  const namespaces = `xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'`;
  const body = `<body ${namespaces}${attributes}>${content}</body>`;
  answer(exchange, 200, body, { 'content-type': 'text/xml; charset=utf-8' });
}

/** Replies to one WebSocket message (RFC 7395 §3: each message is one stanza, or opens or closes the stream). */
function framed(xmpp: XmppSession, message: string): readonly string[] {
  const framing = `xmlns='urn:ietf:params:xml:ns:xmpp-framing'`;
  if (/^\s*<open\b/.test(message)) {
    return [`<open ${framing} from='${xmpp.domain}' id='${randomUUID()}' version='1.0'/>`, features(xmpp)];
  }
  return /^\s*<close\b/.test(message) ? [`<close ${framing}/>`] : xmpp.handle(message);
}
