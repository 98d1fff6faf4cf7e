import { originOf, pathOf } from '../../client/src/address.ts';
import {
  mediamtxUrl,
  mediamtxWhip,
  red5Parameters,
  red5Rtmp,
  red5RtmpUrl,
} from '../../client/src/encoder.ts';
import { red5WhipUrl } from '../../client/src/servers.ts';
import { WrongCall } from '../command-line.ts';

/** The transports that an encoder publishes by. */
export const PUBLISHING = ['RTMP', 'RTSP', 'WHIP'] as const;
/** One of {@link PUBLISHING}. */
export type Publishing = (typeof PUBLISHING)[number];

/** What an encoder is set to: `url` where one address is enough, and the fields that some encoders ask for instead. */
export type Settings = Readonly<Record<string, string>>;

/** What is published, where, and by which token. */
export interface Publication {
  /** The server's origin, with the transport's own protocol: `rtmp://red5.example.com`. */
  readonly server: string;
  readonly room: string;
  /** The stream in the room. MediaMTX has none: its paths are rooms. */
  readonly stream?: string | undefined;
  readonly token: string;
}

const PROTOCOLS: Readonly<Record<Publishing, readonly [string, string]>> = {
  RTMP: ['rtmp', 'rtmps'],
  RTSP: ['rtsp', 'rtsps'],
  WHIP: ['https', 'http'],
};

/**
 * How an encoder publishes to a server of this kind by this transport.
 *
 * @throws {WrongCall} if a server of this kind takes no token that way, or the stream is missing or not expected
 * @throws {RangeError} if encoders would cut the address
 */
export function encoderSettings(kind: string, transport: Publishing, publication: Publication): Settings {
  const { room, stream, token } = publication;
  const server = originOf(publication.server, ...PROTOCOLS[transport]);
  switch (kind) {
    case 'red5':
      if (stream === undefined) throw new WrongCall('name the stream with --stream');
      return red5Settings(transport, { server, room, stream, token });
    case 'mediamtx':
      if (stream !== undefined)
        throw new WrongCall('MediaMTX has no --stream: give its whole path with --room');
      return transport === 'WHIP'
        ? { ...mediamtxWhip(server, room, token) }
        : { url: mediamtxUrl(server, room, token) };
    default:
      throw new WrongCall(
        `--kind must be red5 or mediamtx, not ${kind}: encoders publish to no other kind of server`,
      );
  }
}

function red5Settings(
  transport: Publishing,
  publication: Publication & { readonly stream: string },
): Settings {
  const { server, room, stream, token } = publication;
  switch (transport) {
    case 'RTMP':
      return { url: red5RtmpUrl(publication), ...red5Rtmp(publication) };
    case 'WHIP':
      return { url: red5WhipUrl(publication) };
    case 'RTSP':
      // Red5's mobile SDKs take the parts; no one address holds the token.
      return {
        server,
        app: pathOf('live', room).slice(1),
        stream: pathOf(stream).slice(1),
        parameters: red5Parameters(token),
      };
  }
}

/** The server's address for a transport, on the host where it takes WHIP. */
export function serverOnHostOf(whipUrl: string, transport: Publishing): string {
  const { origin, hostname } = new URL(whipUrl);
  return transport === 'WHIP' ? origin : `${PROTOCOLS[transport][0]}://${hostname}`;
}
