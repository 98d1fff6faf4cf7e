// Addresses and parameters for encoders and players that take no JavaScript: FFmpeg, OBS, hardware, mobile SDKs.
import { originOf, pathOf, queryOf } from './address.ts';
import { red5ConnectionParams } from './servers.ts';

/** FFmpeg and its relatives cut an RTMP address at this length, and an RTSP address at the other one. */
const LONGEST_RTMP = 1024;
const LONGEST_RTSP = 4096;

/** A Red5 Pro stream as an encoder addresses it. */
export interface Red5EncoderStream {
  /** `rtmp://HOST` or `rtmps://HOST`, with a port if it is another one. */
  readonly server: string;
  /** The web application · default `live`. */
  readonly app?: string | undefined;
  readonly room?: string | undefined;
  readonly stream: string;
  readonly token: string;
}

/** What OBS and most encoders call "Server" and "Stream key". */
export interface EncoderSettings {
  readonly server: string;
  readonly streamKey: string;
}

/**
 * Red5 Pro by RTMP, in two parts: the token is in the server's address. The server has to allow it
 * (`auth.rtmpAllowQueryParamsEnabled`).
 * @throws {TypeError} if a part is not usable, {@link RangeError} if an encoder would cut the address.
 */
export function red5Rtmp({ server, app = 'live', room, stream, token }: Red5EncoderStream): EncoderSettings {
  const address = originOf(server, 'rtmp', 'rtmps') + pathOf(app, room);
  const settings = {
    server: `${address}?${queryOf(red5ConnectionParams(token))}`,
    streamKey: pathOf(stream).slice(1),
  };
  within(LONGEST_RTMP, red5RtmpAddress(settings));
  return settings;
}

/** The one address that FFmpeg takes: both parts of {@link red5Rtmp}. */
export function red5RtmpUrl(stream: Red5EncoderStream): string {
  return red5RtmpAddress(red5Rtmp(stream));
}

/** What Red5 Pro's mobile SDKs take as `parameters` (`username=jwt;password=jwt;token=…;`). */
export function red5Parameters(token: string): string {
  return Object.entries(red5ConnectionParams(token))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)};`)
    .join('');
}

/**
 * MediaMTX by RTMP or RTSP, whichever the server's address names; the token is in the query.
 * @param server `rtmp://HOST:1935`, `rtsp://HOST:8554`, or one of them with TLS.
 * @param path names with `/` between them, as in `live/cam1`.
 * @throws {TypeError} if a part is not usable, {@link RangeError} if FFmpeg would cut the address.
 */
export function mediamtxUrl(server: string, path: string, token: string): string {
  const origin = originOf(server, 'rtmp', 'rtmps', 'rtsp', 'rtsps');
  const url = `${origin}${pathOf(...path.split('/'))}?${queryOf({ token })}`;
  within(origin.toLowerCase().startsWith('rtmp') ? LONGEST_RTMP : LONGEST_RTSP, url);
  return url;
}

/** WHIP in OBS, GStreamer and other encoders: an address, and what they call "Bearer Token". */
export interface BearerWhip {
  readonly url: string;
  readonly bearerToken: string;
}

/**
 * MediaMTX by WHIP.
 * @param server `https://HOST:8889`.
 * @throws {TypeError} if a part is not usable.
 */
export function mediamtxWhip(server: string, path: string, token: string): BearerWhip {
  return { url: originOf(server, 'https', 'http') + pathOf(...path.split('/'), 'whip'), bearerToken: token };
}

/** Where a stream key (docs/encoders.md) is for. */
export interface StreamKeyPlace {
  /** The address of `POST /token`, as the app has it. */
  readonly endpoint: string;
  readonly target: string;
  readonly room: string;
  readonly stream: string;
  readonly streamKey: string;
}

/**
 * The WHIP address that never changes, with the stream key as its bearer token: streampass sends the encoder on to the
 * media server with a fresh token.
 * @throws {TypeError} if the endpoint is not the address of `/token`, or a name is empty, `.` or `..`.
 */
export function streamKeyWhip({ endpoint, target, room, stream, streamKey }: StreamKeyPlace): BearerWhip {
  const [, api] = /^(https?:\/\/[^?#\s]+)\/token$/i.exec(endpoint) ?? [];
  if (!api) throw new TypeError('endpoint must be an address such as https://api.example.com/token');
  return { url: api + pathOf('whip', target, room, stream), bearerToken: streamKey };
}

function red5RtmpAddress({ server, streamKey }: EncoderSettings): string {
  return `${server}/${streamKey}`;
}

function within(longest: number, url: string): void {
  if (url.length > longest) {
    throw new RangeError(
      `the address has ${url.length} characters, of which encoders keep ${longest}: ask for fewer rooms`,
    );
  }
}
