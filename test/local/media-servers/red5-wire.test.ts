import { Socket } from 'node:dgram';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RTCPeerConnection, useOPUS, useVP8 } from 'werift';
import { publishByWhip, watchByWhep, type VideoCodec } from '../../support/webrtc.ts';
import { startServer } from './support.ts';
import { now, secret, sign } from './token-text.ts';
import type { MediaServer } from '../../../local/media-servers/start-media-server.ts';

const offer = await makeOffer();
const token = sign({
  iss: 'streampass',
  exp: now + 60,
  roles: 'red5-publisher',
  'red5-transport': 'WHIP',
  'red5-room': 'news-1',
});

/** A browser's offer: it would send or receive VP8 video and Opus audio. */
async function makeOffer(): Promise<string> {
  const connection = new RTCPeerConnection({
    iceServers: [],
    codecs: { video: [useVP8()], audio: [useOPUS()] },
  });
  connection.addTransceiver('video', { direction: 'sendrecv' });
  connection.addTransceiver('audio', { direction: 'sendrecv' });
  const { sdp } = await connection.createOffer();
  await connection.close();
  return sdp;
}

function post(server: MediaServer, path: string, parameters: Record<string, string> = {}) {
  const query = new URLSearchParams({ username: 'jwt', password: 'jwt', token, ...parameters });
  return fetch(`${server.url}${path}?signal=x&${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: offer,
  });
}

test.each([
  ['before the endpoint', '/live/news-1/whip/endpoint/stream1'],
  ['before the stream', '/live/whip/endpoint/news-1/stream1'],
  ['with the application again', '/live/whip/endpoint/live/news-1/stream1'],
])('WHIP takes the room as a scope %s', async (_title, path) => {
  const server = await startServer('red5');
  const response = await post(server, path);
  expect(response.status).toBe(201);
  expect(response.headers.get('content-type')).toBe('application/sdp');
  expect(response.headers.get('access-control-expose-headers')).toContain('location');
  const answer = await response.text();
  expect(answer.match(/^m=\w+ \d+/gm)).toEqual(['m=video 9', 'm=audio 9']);
  expect(answer).toContain('a=recvonly');
  expect([...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+)/gm)].map(([, address]) => address)).toEqual(
    answer.match(/^a=candidate:/gm)?.map(() => '127.0.0.1'),
  );

  const resource = `${server.url}${response.headers.get('location')}`;
  expect((await fetch(resource, { method: 'DELETE' })).status).toBe(200);
  expect((await fetch(resource, { method: 'DELETE' })).status).toBe(200);
});

describe('refuses', () => {
  test.each([
    [
      'a stream outside the room',
      '/live/whip/endpoint/stream1',
      {},
      403,
      'red5-room does not allow a stream without one',
    ],
    ['another room', '/live/news-2/whip/endpoint/stream1', {}, 403, 'red5-room does not allow news-2'],
    [
      'a viewer over WHIP only',
      '/live/news-1/whep/endpoint/stream1',
      {},
      401,
      'red5-transport does not allow WHEP',
    ],
    [
      'another secret',
      '/live/news-1/whip/endpoint/stream1',
      { token: sign({ exp: now + 60 }, { key: 'x' }) },
      401,
      'invalid signature',
    ],
    ['an empty token', '/live/news-1/whip/endpoint/stream1', { token: '' }, 401, 'no token was provided'],
    [
      'a blank username',
      '/live/news-1/whip/endpoint/stream1',
      { username: ' ' },
      401,
      'username and password are missing: send jwt for both',
    ],
    [
      'the password undefined',
      '/live/news-1/whip/endpoint/stream1',
      { password: 'undefined' },
      401,
      'username and password are missing: send jwt for both',
    ],
  ])('%s', async (_title, path, parameters, status, reason) => {
    const server = await startServer('red5');
    const response = await post(server, path, parameters);
    expect([response.status, await response.json()]).toEqual([status, { reason }]);
  });

  test('everyone while no node is up', async () => {
    const server = await startServer('red5', { secrets: [''] });
    expect((await post(server, '/live/news-1/whip/endpoint/stream1')).status).toBe(503);
  });
});

test('WHEP checks a viewer', async () => {
  const server = await startServer('red5');
  const viewer = sign({
    iss: 'streampass',
    exp: now + 60,
    roles: 'red5-subscriber',
    'red5-transport': 'WHEP',
  });
  expect((await post(server, '/live/any/whep/endpoint/s', { token: viewer })).status).toBe(201);
  expect((await post(server, '/live/any/whip/endpoint/s', { token: viewer })).status).toBe(401);
});

test('a body that is not an offer is told so', async () => {
  const server = await startServer('red5');
  const response = await fetch(
    `${server.url}/live/news-1/whip/endpoint/s?username=jwt&password=jwt&token=${token}`,
    { method: 'POST', body: 'hello' },
  );
  expect([response.status, await response.json()]).toEqual([
    400,
    { reason: expect.stringContaining('SDP offer') as string },
  ]);
});

test('a page may ask: OPTIONS needs no token', async () => {
  const server = await startServer('red5');
  const response = await fetch(`${server.url}/live/whip/endpoint/s?signal=x`, { method: 'OPTIONS' });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-methods')).toContain('POST');
});

test('an address that it does not know is 404', async () => {
  const server = await startServer('red5', { secrets: [secret] });
  expect((await post(server, '/other/whip/endpoint/s')).status).toBe(404);
});

describe('media', () => {
  const viewerToken = sign({
    iss: 'streampass',
    exp: now + 60,
    roles: 'red5-subscriber',
    'red5-transport': 'WHEP',
  });
  const address = ({ url }: MediaServer, protocol: string, jwt: string): string =>
    `${url}/live/news-1/${protocol}/endpoint/main?username=jwt&password=jwt&token=${jwt}`;
  const publish = async (server: MediaServer, codec: VideoCodec) => {
    const encoder = await publishByWhip(address(server, 'whip', token), 'stream-key', { codec });
    onTestFinished(encoder.close);
    return encoder;
  };
  const watch = async (server: MediaServer, codecs: readonly VideoCodec[]) => {
    const viewer = await watchByWhep(address(server, 'whep', viewerToken), codecs);
    onTestFinished(viewer.close);
    return viewer;
  };

  test('of an encoder with H.264, then of one with VP8, reaches a viewer who was there before both', async () => {
    const server = await startServer('red5');
    const both = await watch(server, ['VP8', 'H264']);
    const vp8 = await watch(server, ['VP8']);
    const encoder = await publish(server, 'H264');
    await vi.waitFor(() => expect(both.frames()).toBeGreaterThan(5), 5000);
    expect(vp8.frames()).toBe(0);
    expect(await encoder.ask('DELETE')).toBe(200);
    await publish(server, 'VP8');
    const seen = both.frames();
    await vi.waitFor(() => expect(both.frames()).toBeGreaterThan(seen + 5), 5000);
    await vi.waitFor(() => expect(vp8.frames()).toBeGreaterThan(5), 5000);
  });

  test('goes over loopback alone: its sockets take nothing from elsewhere', async () => {
    const bind = vi.spyOn(Socket.prototype, 'bind');
    onTestFinished(() => bind.mockRestore());
    await publish(await startServer('red5'), 'H264');
    const addresses = (bind.mock.calls as unknown[][]).map(([options]) => options);
    expect(addresses.length).toBeGreaterThan(1);
    for (const address of addresses) expect(address).toMatchObject({ address: '127.0.0.1' });
  });

  test('of a section that is bundled only is taken, as GStreamer offers it', async () => {
    const server = await startServer('red5');
    const bundled = (sdp: string): string =>
      sdp.replace(/^(m=video) \d+ (.*\r\n)/m, '$1 0 $2a=bundle-only\r\n');
    const encoder = await publishByWhip(address(server, 'whip', token), 'stream-key', { change: bundled });
    onTestFinished(encoder.close);
    expect(encoder.answer.match(/^m=\w+ \d+/gm)).toEqual(['m=audio 9', 'm=video 9']);
  });

  test('needs no PATCH: a session that trickles no candidates answers 405 to it (RFC 9725)', async () => {
    const encoder = await publish(await startServer('red5'), 'H264');
    expect(await encoder.ask('PATCH')).toBe(405);
  });
});
