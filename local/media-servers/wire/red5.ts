import { randomUUID } from 'node:crypto';
import type { Fleet } from '../fleet.ts';
import { answer, answerJson, readText, type HttpExchange } from '../http-exchange.ts';
import type { WireForm } from '../wire-form.ts';

const endpoint = /^\/live((?:\/[^/]+)*?)\/(whip|whep)\/endpoint\/([^?]+)$/;
const resource = /^\/live\/(?:whip|whep)\/resource\/([\w-]+)$/;

/**
 * Red5 Pro's WHIP and WHEP: `POST /live/whip/endpoint/STREAM?username=jwt&password=jwt&token=T` with an SDP offer, the
 * room as a scope before the endpoint (`/live/ROOM/whip/…`) or before the stream (`…/endpoint/ROOM/STREAM`). 201 with an
 * answer that takes no media, 401 for a sign-in that failed, 403 for one that may not do this here.
 *
 * @see RFC 9725 (WHIP); `postSDPOffer` of the package red5pro-webrtc-sdk
 */
export function red5Wire(fleet: Fleet<'red5'>): WireForm {
  const sessions = new Map<string, number>();
  return {
    answer: async (exchange) => {
      const { request, url } = exchange;
      const wanted = endpoint.exec(url.pathname);
      if (wanted !== null && request.method === 'POST') {
        const [, scope = '', protocol = '', stream = ''] = wanted;
        const rooms = [...scope.split('/'), ...stream.split('/').slice(0, -1)].filter((part) => part !== '');
        await connect(fleet, exchange, protocol, roomOf(rooms), sessions);
        return true;
      }
      const ended = resource.exec(url.pathname)?.[1];
      if (ended !== undefined && request.method === 'DELETE') {
        answer(exchange, sessions.delete(ended) ? 200 : 404);
        return true;
      }
      return false;
    },
    stopNode: (index) => {
      for (const [id, node] of sessions) if (node === index) sessions.delete(id);
    },
    close: () => sessions.clear(),
  };
}

/** The scope below the application; an application that is named again before it is no room. */
function roomOf(scopes: readonly string[]): string | undefined {
  const rooms = scopes[0] === 'live' ? scopes.slice(1) : scopes;
  return rooms.length === 0 ? undefined : decode(rooms.join('/'));
}

async function connect(
  fleet: Fleet<'red5'>,
  exchange: HttpExchange,
  protocol: string,
  room: string | undefined,
  sessions: Map<string, number>,
): Promise<void> {
  const offer = await readText(exchange.request, 256 * 1024);
  const { searchParams } = exchange.url;
  const token = searchParams.get('token') ?? undefined;
  const picked = fleet.pick(searchParams.get('node'), token);
  if (!picked.ok) {
    answerJson(exchange, picked.unknown ? 400 : 503, { reason: picked.problem });
    return;
  }

  const hasCredentials = ['username', 'password'].every((name) => {
    const value = searchParams.get(name)?.trim() ?? '';
    return value !== '' && value !== 'undefined';
  });
  if (!hasCredentials) {
    picked.node.count('refused');
    answerJson(exchange, 401, { reason: 'username and password are missing: send jwt for both' });
    return;
  }

  const action = protocol === 'whip' ? 'publish' : 'subscribe';
  const judgement = fleet.judge(picked, token, { action, room, transport: protocol });
  if (!judgement.accepted) {
    answerJson(exchange, judgement.at === 'login' ? 401 : 403, { reason: judgement.reason });
    return;
  }
  const id = randomUUID();
  sessions.set(id, picked.node.index);
  answer(exchange, 201, answerWithoutMedia(offer ?? ''), {
    'content-type': 'application/sdp',
    location: `/live/${protocol}/resource/${id}`,
  });
}

/** An SDP answer that rejects every medium of the offer with port 0 (RFC 3264 §6): there is no media here. */
function answerWithoutMedia(offer: string): string {
  const media = offer.match(/^m=\w+ \d+ [^\r\n]+/gm) ?? [];
  const rejected = media.map((line) => line.replace(/ \d+ /, ' 0 '));
  return ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 't=0 0', ...rejected, ''].join('\r\n');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
