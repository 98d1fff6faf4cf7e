import type { Fleet } from '../fleet.ts';
import { answer, answerJson, readText, type HttpExchange } from '../http-exchange.ts';
import { createForwarder, type Forwarder } from '../video/forwarder.ts';
import type { WireForm } from '../wire-form.ts';

const endpoint = /^\/live((?:\/[^/]+)*?)\/(whip|whep)\/endpoint\/([^?]+)$/;
const resource = /^\/live\/(?:whip|whep)\/resource\/([\w-]+)$/;

/**
 * Red5 Pro's WHIP and WHEP, with real media: `POST /live/whip/endpoint/STREAM?username=jwt&password=jwt&token=T` with an SDP
 * offer, the room as a scope before the endpoint (`/live/ROOM/whip/…`) or before the stream (`…/endpoint/ROOM/STREAM`). 201
 * with an answer, 400 for an offer that cannot be answered, 401 for a sign-in that failed, 403 for one that may not do this
 * here. A viewer who comes before the publisher waits.
 *
 * @see RFC 9725 (WHIP); `postSDPOffer` of the package red5pro-webrtc-sdk
 */
export function red5Wire(fleet: Fleet<'red5'>): WireForm {
  const forwarder = createForwarder();
  return {
    answer: async (exchange) => {
      const { request, url } = exchange;
      const wanted = endpoint.exec(url.pathname);
      if (wanted !== null && request.method === 'POST') {
        const [, scope = '', protocol = '', path = ''] = wanted;
        const names = path.split('/');
        const rooms = [...scope.split('/'), ...names.slice(0, -1)].filter((part) => part !== '');
        await connect(fleet, forwarder, exchange, {
          protocol,
          room: roomOf(rooms),
          stream: decode(names.at(-1) ?? ''),
        });
        return true;
      }
      const ended = resource.exec(url.pathname)?.[1];
      if (ended !== undefined && request.method === 'DELETE') {
        // A session that a restart has ended does not exist any more either.
        await forwarder.end(ended);
        answer(exchange, 200);
        return true;
      }
      if (ended !== undefined && request.method === 'PATCH') {
        // RFC 9725 §4.3: its candidates are in its answer, and nothing restarts.
        answer(exchange, 405, '', { allow: 'DELETE' });
        return true;
      }
      return false;
    },
    stopNode: forwarder.stopNode,
    close: forwarder.close,
  };
}

/** The scope below the application; an application that is named again before it is not a room. */
function roomOf(scopes: readonly string[]): string | undefined {
  const rooms = scopes[0] === 'live' ? scopes.slice(1) : scopes;
  return rooms.length === 0 ? undefined : decode(rooms.join('/'));
}

interface Wanted {
  readonly protocol: string;
  readonly room: string | undefined;
  readonly stream: string;
}

async function connect(
  fleet: Fleet<'red5'>,
  forwarder: Forwarder,
  exchange: HttpExchange,
  { protocol, room, stream }: Wanted,
): Promise<void> {
  const offer = (await readText(exchange.request, 256 * 1024)) ?? '';
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

  const publishes = protocol === 'whip';
  const action = publishes ? 'publish' : 'subscribe';
  const decision = fleet.decide(picked, token, { action, room, transport: protocol });
  if (!decision.accepted) {
    answerJson(exchange, decision.at === 'login' ? 401 : 403, { reason: decision.reason });
    return;
  }
  try {
    const open = publishes ? forwarder.publish : forwarder.watch;
    const session = await open(`${room ?? ''}/${stream}`, picked.node.index, offer);
    answer(exchange, 201, session.answer, {
      'content-type': 'application/sdp',
      location: `/live/${protocol}/resource/${session.id}`,
    });
  } catch {
    answerJson(exchange, 400, {
      reason: 'the body must be an SDP offer with VP8 or H.264 video or Opus audio (application/sdp)',
    });
  }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
