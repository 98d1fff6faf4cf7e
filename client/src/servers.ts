// Where each media server wants its token.
import { originOf, pathOf, queryOf } from './address.ts';

/** A Red5 Pro stream as a browser addresses it. */
export interface Red5Stream {
  /** The server's origin, for example `https://media.example.com`. */
  readonly server: string;
  /** The web application · default `live`. */
  readonly app?: string | undefined;
  /** The room: the scope below the application. Left out: the application's own scope. */
  readonly room?: string | undefined;
  readonly stream: string;
  readonly token: string;
}

/**
 * The Red5 Pro WebRTC SDK's `connectionParams`. User name and password are the literal `jwt`: the server refuses
 * blank ones, and reads the person from the token.
 */
export function red5ConnectionParams(token: string): { username: string; password: string; token: string } {
  return { username: 'jwt', password: 'jwt', token };
}

/**
 * Address to publish to by WHIP (`/APP/ROOM/whip/endpoint/STREAM`), with the token in its query.
 * @throws {TypeError} if the server is not an origin, or a name is empty, `.` or `..`.
 */
export function red5WhipUrl(stream: Red5Stream): string {
  return red5Url('whip', stream);
}

/** Address to watch by WHEP (`/APP/ROOM/whep/endpoint/STREAM`); otherwise as {@link red5WhipUrl}. */
export function red5WhepUrl(stream: Red5Stream): string {
  return red5Url('whep', stream);
}

function red5Url(protocol: string, { server, app = 'live', room, stream, token }: Red5Stream): string {
  const path = pathOf(app, room, protocol, 'endpoint', stream);
  return `${originOf(server, 'https', 'http')}${path}?${queryOf(red5ConnectionParams(token))}`;
}

/**
 * An rtcstats-server address with the token where rtcstats-js's `connect` sends it.
 * @param server `wss://…` or `https://…`, with any path and query.
 * @throws {TypeError} if it is not an address of that form.
 */
export function rtcstatsUrl(server: string, token: string): string {
  const [, address, query = ''] = /^((?:wss?|https?):\/\/[^?#\s]+)(?:\?([^#\s]*))?$/i.exec(server) ?? [];
  if (!address) throw new TypeError('server must be an address such as wss://stats.example.com');
  const others = query.split('&').filter((pair) => pair && !/^rtcstats-token(=|$)/.test(pair));
  return `${address}?${[...others, queryOf({ 'rtcstats-token': token })].join('&')}`;
}

/** The part of JitsiMeetExternalAPI's (or lib-jitsi-meet's) options that carries the token. */
export function jitsiOptions(token: string): { jwt: string } {
  return { jwt: token };
}
