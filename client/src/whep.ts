// WHEP and WHIP by an RTCPeerConnection: the server's HTTP answer says whether it took the token.
import { unlessAborted } from './abort.ts';
import { originOf, pathOf } from './address.ts';
import { connect } from './connect.ts';
import { red5WhepUrl, red5WhipUrl, StreamPassError, type Red5Stream, type StreamPass } from './index.ts';

/** Where a token is sent, and how. */
export interface WebRtcAddress {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What both directions need. */
export interface WebRtcOptions {
  /** Makes the address out of a token; what it throws counts as the server's answer: {@link red5Whep}, {@link red5Whip}, {@link mediamtx}, {@link bearer} or your own. */
  readonly address: (token: string) => WebRtcAddress | Promise<WebRtcAddress>;
  /** Ends the attempt; afterwards the session. */
  readonly signal?: AbortSignal | undefined;
  /** Whose token, if the StreamPass holds several targets'. */
  readonly audience?: string | undefined;
  /** STUN and TURN servers · default none. */
  readonly iceServers?: RTCIceServer[] | undefined;
  /** Whether cookies go along, for a balancer that keeps a viewer on one server by them · default `omit`. */
  readonly credentials?: RequestCredentials | undefined;
  /** Makes the connection, where it is not a global (React Native) · default `new RTCPeerConnection`. */
  readonly createPeer?: ((configuration: RTCConfiguration) => RTCPeerConnection) | undefined;
}

/** A stream that runs. */
export interface WebRtcSession {
  readonly peer: RTCPeerConnection;
  /** Settles when the session is over, whichever side ended it. */
  readonly closed: Promise<void>;
  /** Ends the session here and at the server. */
  close(): void;
}

/** A stream that is watched. */
export interface WebRtcPlayer extends WebRtcSession {
  /** What comes from the server: give it to `video.srcObject`. */
  readonly stream: MediaStream;
}

/** A Red5 Pro stream to watch: the token goes into the query. */
export function red5Whep(stream: Omit<Red5Stream, 'token'>): (token: string) => WebRtcAddress {
  return (token) => ({ url: red5WhepUrl({ ...stream, token }) });
}

/** A Red5 Pro stream to publish; otherwise as {@link red5Whep}. */
export function red5Whip(stream: Omit<Red5Stream, 'token'>): (token: string) => WebRtcAddress {
  return (token) => ({ url: red5WhipUrl({ ...stream, token }) });
}

/**
 * A MediaMTX path to watch (`whep`) or to publish (`whip`): the token goes into the header.
 * @param path names with `/` between them, as in `live/cam1`.
 * @throws {TypeError} if the server is not an origin, or a name of the path is empty, `.` or `..`.
 */
export function mediamtx(
  server: string,
  path: string,
  protocol: 'whep' | 'whip',
): (token: string) => WebRtcAddress {
  return bearer(originOf(server, 'https', 'http') + pathOf(...path.split('/'), protocol));
}

/** Any other WHEP or WHIP address, with the token in the header (RFC 9725 §4.8). */
export function bearer(url: string): (token: string) => WebRtcAddress {
  return (token) => ({ url, headers: { authorization: `Bearer ${token}` } });
}

/**
 * Watches by WHEP. Resolves when media can flow.
 * @throws {StreamPassError} as `connect` does; `unavailable` with `ice_failed` if the token was taken and no media path
 * was found.
 */
export async function watch(pass: StreamPass, options: WebRtcOptions): Promise<WebRtcPlayer> {
  const stream = new MediaStream();
  const session = await open(pass, options, (peer) => {
    for (const kind of ['video', 'audio']) {
      stream.addTrack(peer.addTransceiver(kind, { direction: 'recvonly' }).receiver.track);
    }
  });
  return { ...session, stream };
}

/** Publishes a camera, a screen or a canvas by WHIP; otherwise as {@link watch}. */
export function publish(
  pass: StreamPass,
  media: MediaStream,
  options: WebRtcOptions,
): Promise<WebRtcSession> {
  return open(pass, options, (peer) => {
    for (const track of media.getTracks())
      peer.addTransceiver(track, { direction: 'sendonly', streams: [media] });
  });
}

/** How {@link keepOpen} waits between two sessions. */
export interface KeepOpenOptions {
  readonly signal: AbortSignal;
  /** Told of each failure that is waited through. */
  readonly onFailure?: ((error: StreamPassError) => void) | undefined;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Opens a session again each time it is over, with the token of that moment: at once after one that ran, else after 1 s
 * that doubles up to 30 s. A player whose connection is in trouble gives way to the next one only when that one is open.
 * Resolves when the signal aborts.
 * @param openSession opens one session, for example `(signal) => watch(pass, { address, signal })`.
 * @param onOpen shows it. The one before it may still run; it is closed afterwards.
 * @throws {StreamPassError} of a kind that waiting does not fix: `sign-in-again`, `not-allowed`, `bad-request`, `closed`.
 */
export async function keepOpen<Session extends WebRtcSession>(
  openSession: (signal: AbortSignal) => Promise<Session>,
  onOpen: (session: Session) => void,
  { signal, onFailure }: KeepOpenOptions,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  let session: Session | undefined;
  while (!signal.aborted) {
    try {
      const next = await openSession(signal);
      pauseMs = FIRST_PAUSE_MS;
      onOpen(next);
      session?.close();
      session = next;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StreamPassError && /^(refused|unavailable|try-later)$/.test(error.kind))) {
        session?.close();
        throw error;
      }
      onFailure?.(error);
      await pause(pauseMs * (0.5 + Math.random() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    if (session) await inTrouble(session);
  }
}

/**
 * When a session is over, or a player's connection is interrupted. A publisher is not replaced before its end: many servers
 * take a stream from one publisher alone.
 */
function inTrouble(session: WebRtcSession): Promise<void> {
  if (!('stream' in session)) return session.closed;
  const { peer, closed } = session;
  return new Promise((resolve) => {
    const look = (): void => {
      if (peer.connectionState !== 'disconnected') return;
      peer.removeEventListener('connectionstatechange', look);
      resolve();
    };
    peer.addEventListener('connectionstatechange', look);
    look();
    void closed.then(resolve);
  });
}

async function open(
  pass: StreamPass,
  options: WebRtcOptions,
  addMedia: (peer: RTCPeerConnection) => void,
): Promise<WebRtcSession> {
  const { signal, audience, iceServers = [] } = options;
  const create = options.createPeer ?? ((configuration) => new RTCPeerConnection(configuration));
  const peer = create({ iceServers });
  let end = (): void => peer.close();
  const onAbort = (): void => end();
  signal?.addEventListener('abort', onAbort);
  try {
    addMedia(peer);
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const sdp = peer.localDescription?.sdp ?? '';
    const answer = await connect(
      pass,
      async (token, _, attemptSignal) =>
        offer(sdp, await options.address(token), options.credentials, attemptSignal),
      { signal, audience },
    );
    const closed = new Promise<void>((resolve) => {
      end = () => {
        signal?.removeEventListener('abort', onAbort);
        peer.close();
        answer.end();
        resolve();
      };
    });
    if (signal?.aborted) end();
    await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    // A connection that is closed here tells nobody, so the signal has to.
    await unlessAborted(() => connected(peer), signal);
    peer.addEventListener('connectionstatechange', () => {
      if (isOver(peer.connectionState)) end();
    });
    // A server that stops in good order ends DTLS, seconds before the silence is noticed. React Native has no `transport`.
    const transport = peer.getReceivers()[0]?.transport;
    transport?.addEventListener('statechange', () => {
      if (isOver(transport.state)) end();
    });
    return { peer, closed, close: () => end() };
  } catch (error) {
    end();
    signal?.removeEventListener('abort', onAbort);
    throw signal?.aborted ? (signal.reason ?? error) : error;
  }
}

function isOver(state: RTCPeerConnectionState | RTCDtlsTransportState): boolean {
  return state === 'failed' || state === 'closed';
}

/** What a server answered to an offer, and how its session is ended. */
interface OfferAnswer {
  readonly sdp: string;
  end(): void;
}

async function offer(
  sdp: string,
  { url, headers }: WebRtcAddress,
  credentials: RequestCredentials = 'omit',
  signal: AbortSignal,
): Promise<OfferAnswer> {
  // A redirect would carry the token in the address to a server that nobody named.
  const common = {
    headers: { ...headers, 'content-type': 'application/sdp' },
    credentials,
    redirect: 'error',
  } as const;
  const response = await fetch(url, { ...common, method: 'POST', body: sdp, signal });
  const { status } = response;
  const body = await response.text();
  if (status !== 201 && status !== 200) {
    throw Object.assign(new Error(`the media server answered ${status}: ${body.slice(0, 200)}`), { status });
  }
  const resource = sameOrigin(response.headers.get('location'), url);
  return {
    sdp: body,
    end() {
      // Outlives the page. If it fails, the server finds out by itself.
      if (resource) void fetch(resource, { ...common, method: 'DELETE', keepalive: true }).catch(() => {});
    },
  };
}

/** The session's own address, if it is at the server that was asked: the token goes nowhere else. */
function sameOrigin(location: string | null, url: string): string | undefined {
  if (!location) return undefined;
  const resource = new URL(location, url);
  return resource.origin === new URL(url).origin ? resource.href : undefined;
}

const LONGEST_GATHERING_MS = 1000;

/** When the addresses of this machine are known; those of a slow STUN server are not waited for. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(resolve, LONGEST_GATHERING_MS);
    peer.addEventListener('icegatheringstatechange', look);
    look();
  });
}

function connected(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const { connectionState } = peer;
      if (connectionState === 'connected') resolve();
      if (connectionState === 'failed') reject(new StreamPassError('unavailable', 'ice_failed'));
    };
    peer.addEventListener('connectionstatechange', look);
    look();
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
