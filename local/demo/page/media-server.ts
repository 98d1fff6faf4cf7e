import { red5WhepUrl, red5WhipUrl, rtcstatsUrl } from 'streampass-client';
import type { DemoServer } from '../demo-config.ts';
import type { Asked } from './asked.ts';
import { Refused, Unavailable } from './refusal.ts';
import { joinJitsi } from './xmpp.ts';

/** What a refusal comes with. */
interface ConnectAnswer {
  readonly reason?: string;
  /** Of `POST /connect`. */
  readonly status?: number;
}

const timeoutMs = 8000;

/** How many nodes the server has. @throws {Unavailable} */
export async function countNodes(server: string): Promise<number> {
  try {
    const { nodes } = (await (await fetch(`${server}/status`)).json()) as {
      readonly nodes: readonly unknown[];
    };
    return nodes.length;
  } catch (cause) {
    throw new Unavailable('the server cannot be reached', { cause });
  }
}

/**
 * Asks a node about this token by `POST /connect`, the form that all local servers share.
 *
 * @throws {Refused} {@link Unavailable}
 */
export async function present(
  server: string,
  asked: Asked,
  action: string,
  token: string,
  node: number,
): Promise<void> {
  const { body } = await post(`${server}/connect?status=body&node=${node}`, 'application/json', {
    token,
    action,
    room: asked.room ?? anyRoom,
    transport: asked.transport,
  });
  const { status, reason } = body as ConnectAnswer;
  if (status !== 200) throw refusal(status ?? 503, reason);
}

/** How {@link connectAsClient} connects, in words. */
export function protocolOf({ server: { kind }, transport }: Asked, action: string): string {
  if (kind === 'jitsi') return 'XMPP over WebSocket';
  if (kind === 'rtcstats') return 'the rtcstats WebSocket';
  if (transport === 'RTMP' || transport === 'RTSP')
    return `POST /connect, since no browser speaks ${transport}`;
  return action === 'publish' ? 'WHIP' : 'WHEP';
}

/**
 * Connects as that server's own client does, and ends the connection again.
 *
 * @returns what the server answered, in a few words
 * @throws {Refused} {@link Unavailable}
 */
export async function connectAsClient(
  server: string,
  asked: Asked,
  action: string,
  token: string,
  node: number,
): Promise<string> {
  if (asked.transport === 'RTMP' || asked.transport === 'RTSP') {
    await present(server, asked, action, token, node);
    return `Node ${node} lets you in.`;
  }
  const room = asked.room ?? anyRoom;
  const webSocket = server.replace(/^http/, 'ws');
  const connect: Readonly<Record<DemoServer['kind'], () => Promise<string>>> = {
    red5: () => {
      const addressOf = action === 'publish' ? red5WhipUrl : red5WhepUrl;
      return offerMedia(atNode(addressOf({ server, room, stream: 'main', token }), node), action);
    },
    jitsi: () => {
      const query = new URLSearchParams({ room, token });
      return joinJitsi(atNode(`${webSocket}/xmpp-websocket?${query}`, node), room, timeoutMs);
    },
    rtcstats: () => report(atNode(rtcstatsUrl(webSocket, token), node)),
  };
  return connect[asked.server.kind]();
}

/** A room to try a token on that is good for any. */
const anyRoom = 'any-room';

/** One of the local fleet's nodes; a real one has an address of its own. */
function atNode(url: string, node: number): string {
  return `${url}&node=${node}`;
}

async function offerMedia(url: string, action: string): Promise<string> {
  const connection = new RTCPeerConnection();
  try {
    connection.addTransceiver('video', { direction: action === 'publish' ? 'sendonly' : 'recvonly' });
    const { sdp } = await connection.createOffer();
    const { status, body } = await post(url, 'application/sdp', sdp);
    if (status === 201) return '201 Created, with an SDP answer.';
    throw refusal(status, (body as ConnectAnswer).reason);
  } finally {
    connection.close();
  }
}

/** rtcstats-server opens first and decides then: a socket that stays open was accepted. */
const decisionMs = 500;

async function report(url: string): Promise<string> {
  const socket = new WebSocket(url, 'rtcstats#5.0');
  try {
    return await new Promise((resolve, reject) => {
      socket.addEventListener('close', ({ code }) =>
        reject(
          code === 1008
            ? new Refused('closed with 1008 (policy violation); rtcstats-server gives no reason')
            : new Unavailable(`closed with ${code}`),
        ),
      );
      socket.addEventListener('open', () =>
        setTimeout(resolve, decisionMs, 'The WebSocket is open and stays open.'),
      );
    });
  } finally {
    socket.close();
  }
}

async function post(url: string, type: string, content: unknown): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof content === 'string' ? content : JSON.stringify(content),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, body: await response.json().catch(() => ({})) };
  } catch (cause) {
    throw new Unavailable('the server cannot be reached', { cause });
  }
}

function refusal(status: number, reason = 'no reason was given'): Error {
  return status === 401 || status === 403 ? new Refused(reason) : new Unavailable(`${status}: ${reason}`);
}
