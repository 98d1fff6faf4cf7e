import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  RTCPeerConnection,
  RTCRtpCodecParameters,
  H264RtpPayload,
  NalUnitType,
  useH264,
  Vp8RtpPayload,
  type MediaStreamTrack,
  type RTCRtpTransceiver,
  type RtpPacket,
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
  /** What a publisher sends. */
  readonly tracks: Partial<Record<Kind, MediaStreamTrack>>;
  /** Whose media a viewer got last, and when. */
  readonly got: Partial<Record<Kind, { readonly from: Session; readonly at: number }>>;
  /** When media of a publisher came last, in milliseconds of the monotonic clock. */
  heardAt: number;
}

/** A publisher that has been silent for so long may be gone: a page that is closed says nothing. */
const SILENT_AFTER_MS = 2000;

const TICKS_PER_MS: Readonly<Record<Kind, number>> = { video: 90, audio: 48 };
/** A DTLS record of this type, and its content: a warning that says the connection is over. */
const ALERT = 21;
const CLOSE_NOTIFY = Buffer.from([1, 0]);

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
    const sending = publishersOf(stream).filter(
      ({ heardAt }) => performance.now() - heardAt < SILENT_AFTER_MS,
    );
    return sending.findLast((publisher) => publisher.node === node) ?? sending.at(-1);
  };
  const viewersOf = (stream: string) =>
    [...sessions.values()].filter((session) => !session.publishes && session.stream === stream);

  /**
   * Gives a packet to all viewers of its publisher. A viewer comes from another publisher at a key frame, and gets that
   * other one's pictures until then: the pictures before the key frame would show nothing.
   */
  const relay = (source: Session, kind: Kind, packet: RtpPacket): void => {
    const now = performance.now();
    source.heardAt = now;
    const sent = source.transceivers[kind]?.codecs[0];
    for (const viewer of viewersOf(source.stream)) {
      const { sender, codecs: known = [] } = viewer.transceivers[kind] ?? {};
      if (sender === undefined) continue;
      const last = viewer.got[kind];
      if (last?.from !== source) {
        // One without this codec is given nothing.
        const codec = known.find((one) => isSameCodec(one, sent));
        if (codec === undefined || sourceOf(viewer) !== source) continue;
        if (kind === 'video' && !beginsKeyFrame(codec, packet)) continue;
        sender.codec = codec;
        // The numbers go on where those of the other publisher ended; the timestamps skip the time that has passed.
        if (last !== undefined)
          sender.replaceRTP(packet.header, false, 1 + Math.round((now - last.at) * TICKS_PER_MS[kind]));
      }
      viewer.got[kind] = { from: source, at: now };
      void sender.sendRtp(packet).catch(() => undefined);
    }
  };

  const remove = async (session: Session): Promise<void> => {
    if (!sessions.delete(session.id)) return;
    if (session.publishes) for (const viewer of viewersOf(session.stream)) askForKeyFrame(sourceOf(viewer));
    await sayGoodbye(session.connection);
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
      got: {},
      heardAt: -Infinity,
    };
    try {
      connection.onTrack.subscribe((track) => {
        if (!publishes) return;
        const kind = track.kind as Kind;
        session.tracks[kind] = track;
        track.onReceiveRtp.subscribe((packet) => relay(session, kind, packet));
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
        transceiver.sender.onPictureLossIndication.subscribe(() => askForKeyFrame(sourceOf(session)));
      }
      if (Object.keys(session.transceivers).length === 0) throw new Error('the offer has no media');
      sessions.set(session.id, session);
      connection.connectionStateChange.subscribe((state) => {
        if (state === 'failed' || state === 'closed' || state === 'disconnected') void remove(session);
        if (state === 'connected' && !publishes) askForKeyFrame(sourceOf(session));
      });
      await connection.setLocalDescription(await connection.createAnswer());
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
function askForKeyFrame(source: Session | undefined): void {
  const ssrc = source?.tracks.video?.ssrc;
  if (ssrc !== undefined) void source?.transceivers.video?.receiver.sendRtcpPLI(ssrc).catch(() => undefined);
}

/** Whether a key frame begins in this packet: RFC 7741 §4.3 for VP8, RFC 6184 §5 for H.264. */
function beginsKeyFrame({ mimeType }: RTCRtpCodecParameters, { payload }: RtpPacket): boolean {
  try {
    if (mimeType.toLowerCase() === 'video/vp8') {
      const { isPartitionHead, isKeyframe } = Vp8RtpPayload.deSerialize(payload);
      return isPartitionHead && isKeyframe;
    }
    const { isPartitionHead, isKeyframe, nalUnitType, aggregatedNalUnitTypes } =
      H264RtpPayload.deSerialize(payload);
    // The parameters go before the picture, in a packet of their own or in one with others.
    return (
      isPartitionHead && (isKeyframe || [nalUnitType, ...aggregatedNalUnitTypes].includes(NalUnitType.sps))
    );
  } catch {
    // Padding, which a browser sends to find out how much the way carries, is no picture.
    return false;
  }
}

/**
 * Ends DTLS as a server does that stops in good order (RFC 5246 §7.2.1), so that the other side knows at once and not after
 * seconds of silence. werift has no call for it.
 */
async function sayGoodbye({ dtlsTransports }: RTCPeerConnection): Promise<void> {
  for (const { dtls } of dtlsTransports) {
    if (dtls?.connected !== true) continue;
    const { cipher } = dtls;
    const encrypt = cipher.encryptPacket.bind(cipher);
    cipher.encryptPacket = (record) => {
      record.recordLayerHeader.contentType = ALERT;
      return encrypt(record);
    };
    await dtls.send(CLOSE_NOTIFY).catch(() => undefined);
  }
  // Node sends a datagram in its next turn; werift closes the socket in this one.
  await setImmediate();
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
