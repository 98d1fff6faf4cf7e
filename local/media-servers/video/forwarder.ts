import { randomUUID } from 'node:crypto';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, type RTCRtpTransceiver } from 'werift';

/** A WHIP or WHEP session as its HTTP answer names it (RFC 9725 §4.2). */
export interface MediaSession {
  /** Unguessable: whoever knows it may end the session. */
  readonly id: string;
  /** SDP. */
  readonly answer: string;
}

/** Takes streams by WHIP and gives them out by WHEP, as the nodes of a cluster do: each stream is known to all of them. */
export interface Forwarder {
  /**
   * Takes a stream in. Viewers see the publisher on their own node; if there is none, the last one of that name that still sends.
   *
   * @throws {Error} if the offer is not an SDP offer that sends VP8 video or Opus audio
   */
  readonly publish: (stream: string, node: number, offer: string) => Promise<MediaSession>;
  /**
   * Gives a stream out, from the moment on when somebody publishes it.
   *
   * @throws {Error} as `publish`
   */
  readonly watch: (stream: string, node: number, offer: string) => Promise<MediaSession>;
  /** Ends a session; false if there is none of that id. */
  readonly end: (id: string) => Promise<boolean>;
  /** Ends what runs over a node, as its restart does. */
  readonly stopNode: (node: number) => void;
  /** Ends everything and frees its sockets. */
  readonly close: () => Promise<void>;
}

const KINDS = ['video', 'audio'] as const;
type Kind = (typeof KINDS)[number];

interface Session {
  readonly id: string;
  readonly stream: string;
  readonly node: number;
  readonly connection: RTCPeerConnection;
  readonly publishes: boolean;
  readonly transceivers: Partial<Record<Kind, RTCRtpTransceiver>>;
  readonly tracks: Partial<Record<Kind, MediaStreamTrack>>;
  /** When it began, or when its media was received last, in milliseconds of the monotonic clock. */
  heardAt: number;
}

/** A publisher that has been silent for so long may be gone: a page that is closed says nothing. */
const SILENT_AFTER_MS = 2000;

/** Both are in every browser. The payload types are those that browsers use, so that nothing is renumbered. */
const codecs = {
  video: [
    new RTCRtpCodecParameters({
      mimeType: 'video/VP8',
      clockRate: 90_000,
      rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
    }),
  ],
  audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2 })],
};

/** Starts a forwarder. Its media goes over loopback alone. */
export function createForwarder(): Forwarder {
  const sessions = new Map<string, Session>();

  const publishersOf = (stream: string) =>
    [...sessions.values()].filter((session) => session.publishes && session.stream === stream);

  const sourceOf = ({ stream, node }: Session): Session | undefined => {
    const publishers = publishersOf(stream);
    const sending = publishers.filter(({ heardAt }) => performance.now() - heardAt < SILENT_AFTER_MS);
    return sending.findLast((publisher) => publisher.node === node) ?? sending.at(-1) ?? publishers.at(-1);
  };

  /** Brings a viewer to its publisher; the sender keeps sequence and time continuous. */
  const follow = async (viewer: Session): Promise<void> => {
    const source = sourceOf(viewer);
    for (const kind of KINDS) {
      const sender = viewer.transceivers[kind]?.sender;
      const track = source?.tracks[kind];
      if (sender === undefined || track === undefined || sender.track === track) continue;
      await sender.replaceTrack(track);
      if (source !== undefined) askForKeyFrame(source);
    }
  };
  const followAll = (stream: string): void => {
    for (const session of sessions.values()) {
      if (!session.publishes && session.stream === stream) void follow(session).catch(() => undefined);
    }
  };

  const remove = async (session: Session): Promise<void> => {
    if (!sessions.delete(session.id)) return;
    if (session.publishes) followAll(session.stream);
    await session.connection.close();
  };

  const open = async (
    stream: string,
    node: number,
    offer: string,
    publishes: boolean,
  ): Promise<MediaSession> => {
    const connection = new RTCPeerConnection({
      codecs,
      // Without it each session asks a STUN server of Google's, and its answer waits five seconds for that.
      iceLite: true,
      iceServers: [],
      iceUseTcp: false,
      // No address of this machine but loopback: nobody else may reach the streams.
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ['127.0.0.1'],
    });
    const session: Session = {
      id: randomUUID(),
      stream,
      node,
      connection,
      publishes,
      transceivers: {},
      tracks: {},
      heardAt: performance.now(),
    };
    try {
      connection.onTrack.subscribe((track) => {
        if (!publishes) return;
        session.tracks[track.kind as Kind] = track;
        track.onReceiveRtp.subscribe(() => {
          session.heardAt = performance.now();
        });
      });
      await connection.setRemoteDescription({ type: 'offer', sdp: offer });
      for (const transceiver of connection.getTransceivers()) {
        const kind = transceiver.kind as Kind;
        session.transceivers[kind] = transceiver;
        transceiver.setDirection(publishes ? 'recvonly' : 'sendonly');
        if (publishes) continue;
        transceiver.sender.onPictureLossIndication.subscribe(() => {
          const source = sourceOf(session);
          if (source !== undefined) askForKeyFrame(source);
        });
      }
      if (Object.keys(session.transceivers).length === 0) throw new Error('the offer has no media');
      sessions.set(session.id, session);
      connection.connectionStateChange.subscribe((state) => {
        if (state === 'failed' || state === 'closed' || state === 'disconnected') void remove(session);
      });
      await connection.setLocalDescription(await connection.createAnswer());
      if (publishes) followAll(stream);
      else await follow(session);
      return { id: session.id, answer: connection.localDescription?.sdp ?? '' };
    } catch (error) {
      sessions.delete(session.id);
      await connection.close();
      throw error;
    }
  };

  return {
    publish: (stream, node, offer) => open(stream, node, offer, true),
    watch: (stream, node, offer) => open(stream, node, offer, false),
    async end(id) {
      const session = sessions.get(id);
      if (session === undefined) return false;
      await remove(session);
      return true;
    },
    stopNode(node) {
      for (const session of sessions.values()) if (session.node === node) void remove(session);
    },
    async close() {
      await Promise.all([...sessions.values()].map(remove));
    },
  };
}

/** A viewer can show nothing until a key frame came (RFC 4585 §6.3.1). */
function askForKeyFrame(source: Session): void {
  const ssrc = source.tracks.video?.ssrc;
  if (ssrc !== undefined) void source.transceivers.video?.receiver.sendRtcpPLI(ssrc).catch(() => undefined);
}
