import { randomUUID } from 'node:crypto';
import {
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  useH264,
  type RtpPacket,
  type RTCRtpTransceiver,
} from 'werift';

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
   * @throws {Error} if the offer is not an SDP offer that sends VP8 or H.264 video or Opus audio
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
  /** What a publisher sends, or what a viewer is given. */
  readonly tracks: Partial<Record<Kind, MediaStreamTrack>>;
  /** When it began, or when its media was received last, in milliseconds of the monotonic clock. */
  heardAt: number;
}

/** A publisher that has been silent for so long may be gone: a page that is closed says nothing. */
const SILENT_AFTER_MS = 2000;

const rtcpFeedback = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }];

/** Browsers send VP8 and Opus; OBS and FFmpeg send H.264. Every browser shows both. */
const codecs = {
  video: [
    new RTCRtpCodecParameters({ mimeType: 'video/VP8', clockRate: 90_000, rtcpFeedback }),
    useH264({ rtcpFeedback }),
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
  const follow = (viewer: Session): void => {
    const source = sourceOf(viewer);
    for (const kind of KINDS) {
      const { sender, codecs: known = [] } = viewer.transceivers[kind] ?? {};
      const track = source?.tracks[kind];
      if (source === undefined || sender === undefined || track === undefined) continue;
      // One without this codec is given nothing.
      const codec = known.find((one) => isSameCodec(one, source.transceivers[kind]?.codecs[0]));
      if (codec === undefined || viewer.tracks[kind] === track) continue;
      viewer.tracks[kind] = track;
      sender.codec = codec;
      sender.replaceRTP({ sequenceNumber: 0, timestamp: 0 });
      askForKeyFrame(source);
    }
  };
  const passOn = (kind: Kind, track: MediaStreamTrack, packet: RtpPacket): void => {
    for (const { publishes, tracks, transceivers } of sessions.values()) {
      if (publishes || tracks[kind] !== track) continue;
      void transceivers[kind]?.sender.sendRtp(packet).catch(() => undefined);
    }
  };
  const followAll = (stream: string): void => {
    for (const session of sessions.values()) {
      if (!session.publishes && session.stream === stream) follow(session);
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
      iceInterfaceAddresses: { udp4: '127.0.0.1' },
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
        const kind = track.kind as Kind;
        session.tracks[kind] = track;
        track.onReceiveRtp.subscribe((packet) => {
          session.heardAt = performance.now();
          passOn(kind, track, packet);
        });
      });
      await connection.setRemoteDescription({ type: 'offer', sdp: withoutBundleOnly(offer) });
      for (const transceiver of connection.getTransceivers()) {
        const kind = transceiver.kind as Kind;
        session.transceivers[kind] = transceiver;
        transceiver.setDirection(publishes ? 'recvonly' : 'sendonly');
        if (publishes) {
          // It sends one codec, so that viewers can be told which.
          transceiver.codecs = transceiver.codecs.slice(0, 1);
          continue;
        }
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
      else follow(session);
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

/** Clients differ in how they spell `opus`. */
function isSameCodec(one: RTCRtpCodecParameters, other: RTCRtpCodecParameters | undefined): boolean {
  return one.mimeType.toLowerCase() === other?.mimeType.toLowerCase();
}

/** A section that is bundled only has port 0 (RFC 9143 §7.2.1), and werift takes that for a refusal. */
function withoutBundleOnly(offer: string): string {
  return offer
    .split(/^(?=m=)/m)
    .map((section) =>
      section.includes('\na=bundle-only') ? section.replace(/^(m=\w+) 0 /, '$1 9 ') : section,
    )
    .join('');
}
