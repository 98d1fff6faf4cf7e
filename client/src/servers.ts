// Where each media server wants its token.

/** A Red5 Pro stream as a browser addresses it. */
export interface Red5Stream {
  /** Where the server answers, for example `https://media.example.com`. */
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

/** Address to publish to by WHIP (`/APP/ROOM/whip/endpoint/STREAM`), with the token in its query. */
export function red5WhipUrl(stream: Red5Stream): string {
  return red5Url('whip', stream);
}

/** Address to watch by WHEP (`/APP/ROOM/whep/endpoint/STREAM`), with the token in its query. */
export function red5WhepUrl(stream: Red5Stream): string {
  return red5Url('whep', stream);
}

function red5Url(protocol: string, { server, app = 'live', room, stream, token }: Red5Stream): string {
  const scope = room === undefined ? app : `${app}/${room}`;
  const query = new URLSearchParams(red5ConnectionParams(token));
  return new URL(`/${scope}/${protocol}/endpoint/${encodeURIComponent(stream)}?${query}`, server).href;
}

/** An rtcstats-server address (`wss://…` or `https://…`) with the token where rtcstats-js's `connect` sends it. */
export function rtcstatsUrl(server: string, token: string): string {
  const url = new URL(server);
  url.searchParams.set('rtcstats-token', token);
  return url.href;
}

/** The part of JitsiMeetExternalAPI's (or lib-jitsi-meet's) options that carries the token. */
export function jitsiOptions(token: string): { jwt: string } {
  return { jwt: token };
}
