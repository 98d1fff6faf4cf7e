import type { ProbeResult } from '../rotation/state.ts';

/** One connection attempt with a token, in a server's own wire form. Never rejects. */
type Attempt = (address: URL, token: string, room: string) => Promise<ProbeResult>;

const ANSWER_MS = 5000;
const NO_ANSWER = 'did not answer in time';

/** rtcstats-server decides within milliseconds after it has opened the connection; a refusal is close code 1008. */
const RTCSTATS_DECISION_MS = 1000;

/** How each kind of server is asked. A new kind is one more row. */
export const attempts: Readonly<Record<string, Attempt>> = {
  red5: attemptRed5,
  jitsi: attemptJitsi,
  rtcstats: attemptRtcstats,
};

/**
 * Red5 Pro: a WHEP request in the probe's room, as its WebRTC SDK makes it. 401 and 403 are refusals; that nobody
 * publishes there is none. The address is the application's; without a path, `/live`.
 *
 * @see `postSDPOffer` of the package red5pro-webrtc-sdk
 */
async function attemptRed5(address: URL, token: string, room: string): Promise<ProbeResult> {
  const url = new URL(address);
  const application = url.pathname === '/' ? '/live' : url.pathname.replace(/\/$/, '');
  url.pathname = `${application}/${room}/whep/endpoint/probe`;
  for (const [name, value] of [
    ['username', 'jwt'],
    ['password', 'jwt'],
    ['token', token],
  ] as const) {
    url.searchParams.set(name, value);
  }
  return settled(async () => {
    const response = await post(url, 'application/sdp', SDP_OFFER);
    const text = await response.text();
    const location = response.headers.get('location');
    if (response.ok && location !== null) {
      await fetch(new URL(location, url), { method: 'DELETE', signal: AbortSignal.timeout(ANSWER_MS) }).catch(
        () => undefined,
      );
    }
    if (response.status === 401 || response.status === 403 || response.status >= 500) {
      return refused(`status ${response.status} ${text}`);
    }
    return { accepted: true };
  });
}

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
 * Jitsi Meet: a BOSH session (XEP-0124, XEP-0206) and SASL ANONYMOUS, whose failure carries Prosody's reason. The address
 * is the server's; without a path, `/http-bind`.
 *
 * @see jitsi-meet `resources/prosody-plugins/mod_auth_token.lua`
 */
async function attemptJitsi(address: URL, token: string, room: string): Promise<ProbeResult> {
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = '/http-bind';
  url.searchParams.set('room', room);
  url.searchParams.set('token', token);
  return settled(async () => {
    const domain = url.hostname;
    const opened = await postBosh(url, 1, `to='${domain}' wait='5' hold='1' ver='1.6' xmpp:version='1.0'`);
    const sid = /\ssid=['"]([^'"<>&]+)['"]/.exec(opened)?.[1];
    if (sid === undefined) return refused(`no session: ${opened}`);
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>`;
    const answer = await postBosh(url, 2, `sid='${sid}'`, auth);
    await postBosh(url, 3, `sid='${sid}' type='terminate'`).catch(() => undefined);
    if (/<success[\s/>]/.test(answer)) return { accepted: true };
    return refused(/<text[^>]*>([^<]*)<\/text>/.exec(answer)?.[1] ?? answer);
  });
}

async function postBosh(url: URL, rid: number, attributes: string, content = ''): Promise<string> {
  const namespaces = `xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'`;
  const body = `<body ${namespaces} rid='${1_000_000 + rid}' ${attributes}>${content}</body>`;
  const response = await post(url, 'text/xml; charset=utf-8', body);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

/**
 * rtcstats-server: a WebSocket. The connection is opened before the token is looked at, so what counts is that it stays.
 *
 * @see rtcstats-server `app.js`
 */
async function attemptRtcstats(address: URL, token: string): Promise<ProbeResult> {
  const url = new URL(address);
  url.protocol = url.protocol.replace('http', 'ws');
  url.searchParams.set('rtcstats-token', token);
  return settled(
    () =>
      new Promise<ProbeResult>((resolve) => {
        const socket = new WebSocket(url);
        let timer = setTimeout(() => end(refused(NO_ANSWER)), ANSWER_MS);
        const end = (result: ProbeResult) => {
          clearTimeout(timer);
          resolve(result);
          socket.close();
        };
        socket.addEventListener('open', () => {
          clearTimeout(timer);
          timer = setTimeout(() => end({ accepted: true }), RTCSTATS_DECISION_MS);
        });
        socket.addEventListener('message', () => end({ accepted: true }));
        socket.addEventListener('close', ({ code, reason }) =>
          end(refused(`closed with ${code} ${reason}`.trim())),
        );
        socket.addEventListener('error', () => end(refused('cannot be reached')));
      }),
  );
}

async function post(url: URL, contentType: string, body: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_MS),
  });
}

async function settled(attempt: () => Promise<ProbeResult>): Promise<ProbeResult> {
  try {
    return await attempt();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
    const code = cause !== undefined && 'code' in cause ? ` (${String(cause.code)})` : '';
    if (error instanceof Error && error.name === 'TimeoutError') return refused(NO_ANSWER);
    const isStatus = error instanceof Error && /^status \d+$/.test(error.message);
    return refused(isStatus ? error.message : `cannot be reached${code}`);
  }
}

function refused(problem: string): ProbeResult {
  return { accepted: false, problem };
}
