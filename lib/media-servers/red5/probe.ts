import { refused, type ProbeAttempt } from '../probe.ts';

/** An offer to receive nothing in particular (RFC 8866). */
const SDP_OFFER = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=recvonly',
  '',
].join('\r\n');

/**
 * Red5 Pro: a WHEP request in the probe's room, as its WebRTC SDK makes it. 401, 403, redirects and 5xx are refusals. 404 is
 * not: it says that nobody publishes there. The address is the application's; without a path, `/live`.
 *
 * @see `postSDPOffer` of the package red5pro-webrtc-sdk
 */
export const probeRed5: ProbeAttempt = async (address, token, room, connection) => {
  const url = new URL(address);
  const application = url.pathname === '/' ? '/live' : url.pathname.replace(/\/$/, '');
  url.pathname = `${application}/${room}/whep/endpoint/probe`;
  url.searchParams.set('username', 'jwt');
  url.searchParams.set('password', 'jwt');
  url.searchParams.set('token', token);
  const { status, text, location } = await connection.post(url, 'application/sdp', SDP_OFFER);
  const isOpened = status >= 200 && status < 300;
  const session = isOpened && location !== undefined ? URL.parse(location, url.href) : null;
  if (session !== null) await connection.remove(session).catch(() => undefined);
  const isRefused = status === 401 || status === 403 || status >= 500 || (status >= 300 && status < 400);
  return isRefused ? refused(`status ${status} ${text}`) : { accepted: true };
};
