import { red5WhepUrl, red5WhipUrl, rtcstatsUrl } from 'streampass-client';
import type { Asked, Target } from './asked.ts';
import { Refused, Unavailable } from './refusal.ts';
import { joinJitsi } from './xmpp.ts';

/** What `POST /connect` answers with. */
interface ConnectAnswer {
  readonly reason?: string;
  readonly node?: number;
  readonly granted?: Readonly<Record<string, unknown>>;
}

const timeoutMs = 8000;

/**
 * Has a node judge this token by `POST /connect`, the form that all local servers share.
 *
 * @returns the node's number
 * @throws {Refused} {@link Unavailable}
 */
export async function present(server: string, asked: Asked, action: string, token: string): Promise<number> {
  const { status, body } = await post(`${server}/connect`, 'application/json', {
    token,
    action,
    room: asked.room ?? 'any-room',
    transport: asked.transport,
  });
  const answer = body as ConnectAnswer;
  if (status === 200) return answer.node ?? 0;
  throw refusal(status, answer.reason);
}

/** How {@link connectAsClient} connects, in words. */
export function protocolOf({ target, transport }: Asked, action: string): string {
  if (target === 'jitsi') return 'XMPP over WebSocket';
  if (target === 'rtcstats') return 'the rtcstats WebSocket';
  if (transport === 'RTMP' || transport === 'RTSP') return `POST /connect, since no browser speaks ${transport}`;
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
): Promise<string> {
  const connect: Readonly<Record<Target, () => Promise<string>>> = {
    red5: () => connectRed5(server, asked, action, token),
    jitsi: () => joinJitsi(server, asked.room ?? 'any-room', token, timeoutMs),
    rtcstats: () => reportToRtcstats(server, token),
  };
  return connect[asked.target]();
}

async function connectRed5(server: string, asked: Asked, action: string, token: string): Promise<string> {
  if (asked.transport === 'RTMP' || asked.transport === 'RTSP') {
    return `node ${await present(server, asked, action, token)} lets you in`;
  }
  const addressOf = action === 'publish' ? red5WhipUrl : red5WhepUrl;
  const url = addressOf({ server, room: asked.room ?? 'any-room', stream: 'main', token });
  const { status, body } = await post(url, 'application/sdp', offer);
  if (status === 201) return '201 Created, with an SDP answer';
  throw refusal(status, (body as ConnectAnswer).reason);
}

/** There is no media here, so none is offered (RFC 8866 §5). */
const offer = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 't=0 0', ''].join('\r\n');

/** rtcstats-server opens first and decides then: a socket that stays open was accepted. */
const decisionMs = 500;

async function reportToRtcstats(server: string, token: string): Promise<string> {
  const socket = new WebSocket(rtcstatsUrl(server.replace(/^http/, 'ws'), token), 'rtcstats#5.0');
  try {
    return await new Promise((resolve, reject) => {
      socket.onclose = ({ code }) =>
        reject(
          code === 1008
            ? new Refused('closed with 1008 (policy violation); rtcstats-server gives no reason')
            : new Unavailable(`closed with ${code}`),
        );
      socket.onopen = () => setTimeout(resolve, decisionMs, 'the WebSocket is open and stays open');
    });
  } finally {
    socket.onclose = null;
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
