/** An encoder and a viewer with real media: WHIP as OBS Studio speaks it, and WHEP. Their media goes over loopback alone. */

import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useH264, useOPUS, useVP8 } from 'werift';

const VIDEO = { H264: useH264(), VP8: useVP8() };
export type VideoCodec = keyof typeof VIDEO;
/** How a key frame begins. */
const KEY_FRAME: Readonly<Record<VideoCodec, readonly number[]>> = { H264: [0x65, 0], VP8: [0x10, 0] };

/** What an encoder meets on its way, and what it can do then. */
export interface Encoder {
  /** The answer to each POST, in order. */
  readonly statuses: readonly number[];
  /** The session that the server made. */
  readonly session: URL;
  /** The server's SDP. */
  readonly answer: string;
  readonly isConnected: () => boolean;
  /** The answer to a request for the session, with the encoder's key. */
  readonly ask: (method: 'PATCH' | 'DELETE') => Promise<number>;
  /** Stops to send, as an encoder that is killed. */
  readonly close: () => Promise<void>;
}

/** A viewer, and how much of the video came. */
export interface Viewer {
  readonly frames: () => number;
  readonly close: () => Promise<void>;
}

const FRAME_MS = 20;
const MOST_REDIRECTS = 10;

/**
 * Publishes until it is closed. It follows a 307 with the same body and the same `Authorization`, whatever the host, and takes
 * an absolute or a relative `Location`. It asks for the session without what was in the query.
 *
 * @param change changes its offer before it is sent
 * @throws {Error} the server did not answer 201; the message is the status
 * @see obsproject/obs-studio `plugins/obs-webrtc/whip-output.cpp`
 */
export async function publishByWhip(
  address: string,
  bearer: string,
  { codec = 'H264', change = (sdp) => sdp }: { codec?: VideoCodec; change?: (sdp: string) => string } = {},
): Promise<Encoder> {
  const connection = connectionFor([codec]);
  const tracks = (['audio', 'video'] as const).map((kind) => new MediaStreamTrack({ kind }));
  for (const track of tracks) connection.addTransceiver(track, { direction: 'sendonly' });
  const authorization = `Bearer ${bearer}`;
  const statuses: number[] = [];
  try {
    await connection.setLocalDescription(await connection.createOffer());
    const offer = change(connection.localDescription?.sdp ?? '');
    let url = new URL(address);
    let response = await post(url, offer, { authorization });
    statuses.push(response.status);
    while (response.status === 307 && statuses.length <= MOST_REDIRECTS) {
      url = new URL(response.headers.get('location') ?? '', url);
      response = await post(url, offer, { authorization });
      statuses.push(response.status);
    }
    if (response.status !== 201) throw new Error(String(response.status));
    const session = new URL(response.headers.get('location') ?? '', url);
    const answer = await response.text();
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    const sending = setInterval(() => {
      for (const track of tracks) track.writeRtp(nextPacket(track, codec));
    }, FRAME_MS);
    return {
      statuses,
      session,
      answer,
      isConnected: () => connection.connectionState === 'connected',
      ask: async (method) => (await fetch(session, { method, headers: { authorization } })).status,
      async close() {
        clearInterval(sending);
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Watches by WHEP until it is closed. @throws {Error} as `publishByWhip` */
export async function watchByWhep(address: string, codecs: readonly VideoCodec[]): Promise<Viewer> {
  const connection = connectionFor(codecs);
  let frames = 0;
  connection.onTrack.subscribe((track) => {
    if (track.kind !== 'video') return;
    track.onReceiveRtp.subscribe(({ header }) => {
      if (header.marker) frames++;
    });
  });
  for (const kind of ['video', 'audio'] as const) connection.addTransceiver(kind, { direction: 'recvonly' });
  await connection.setLocalDescription(await connection.createOffer());
  const response = await post(new URL(address), connection.localDescription?.sdp ?? '');
  if (response.status !== 201) {
    await connection.close();
    throw new Error(String(response.status));
  }
  await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  return { frames: () => frames, close: () => connection.close() };
}

function connectionFor(codecs: readonly VideoCodec[]): RTCPeerConnection {
  return new RTCPeerConnection({
    codecs: { video: codecs.map((codec) => VIDEO[codec]), audio: [useOPUS()] },
    // Left out, it asks a STUN server of Google's.
    iceServers: [{ urls: 'stun:127.0.0.1:9' }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
  });
}

function post(url: URL, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/sdp', ...headers },
    body,
  });
}

/** A key frame of one packet. Nobody decodes it. */
function nextPacket({ header, kind }: MediaStreamTrack, codec: VideoCodec): RtpPacket {
  const clockRate = kind === 'video' ? 90_000 : 48_000;
  return new RtpPacket(
    new RtpHeader({
      marker: true,
      sequenceNumber: ((header?.sequenceNumber ?? 0) + 1) & 0xffff,
      timestamp: (header?.timestamp ?? 0) + (clockRate * FRAME_MS) / 1000,
    }),
    Buffer.from(KEY_FRAME[codec]),
  );
}
