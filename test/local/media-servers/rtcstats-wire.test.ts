import { once } from 'node:events';
import { WebSocket } from 'ws';
import { expect, onTestFinished, test } from 'vitest';
import type { MediaServer } from '../../../local/media-servers/start-media-server.ts';
import { startServer } from './support.ts';
import { now, sign } from './token-text.ts';

function open(server: MediaServer, query: string, path = '/any/path'): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}${query}`, ['rtcstats#5.0']);
  onTestFinished(() => socket.terminate());
  return socket;
}

const good = sign({ exp: now + 60, rtcStats: { user: 'u' } });

test('keeps a connection with a good token, whatever the path', async () => {
  const server = await startServer('rtcstats');
  const socket = open(server, `?rtcstats-token=${good}`);
  await once(socket, 'open');
  expect(socket.protocol).toBe('rtcstats#5.0');
  const pong = once(socket, 'pong');
  socket.ping();
  await pong;
  expect(server.status()[0]).toMatchObject({ connected: 1, refused: 0 });
});

test.each([
  ['no token', ''],
  ['an expired token', `?rtcstats-token=${sign({ exp: now })}`],
  ['another secret', `?rtcstats-token=${sign({}, { key: 'x' })}`],
  ['a bad token before a good one', `?rtcstats-token=x&rtcstats-token=${good}`],
])('opens, then closes with 1008 and no text for %s', async (_title, query) => {
  const server = await startServer('rtcstats');
  const socket = open(server, query);
  const opened = once(socket, 'open');
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await opened;
  const [code, reason] = await closed;
  expect([code, reason.toString()]).toEqual([1008, '']);
  expect(server.status()[0]).toMatchObject({ connected: 0, refused: 1 });
});

test('a token beyond the request head is answered 431', async () => {
  const server = await startServer('rtcstats');
  const response = await fetch(`${server.url}/?rtcstats-token=${'x'.repeat(17_000)}`);
  expect(response.status).toBe(431);
});

test('a restart drops the connections of its node without a close frame', async () => {
  const server = await startServer('rtcstats');
  const [first, second] = [
    open(server, `?node=0&rtcstats-token=${good}`),
    open(server, `?node=1&rtcstats-token=${good}`),
  ];
  await Promise.all([once(first, 'open'), once(second, 'open')]);
  await expect.poll(() => server.status().map(({ connected }) => connected)).toEqual([1, 1]);
  const closed = once(first, 'close') as Promise<[number]>;
  await server.reload(0);
  expect((await closed)[0]).toBe(1006);
  expect(second.readyState).toBe(WebSocket.OPEN);
});

test('refuses the upgrade with 503 while no node is up', async () => {
  const server = await startServer('rtcstats', { secrets: [''] });
  const socket = open(server, `?rtcstats-token=${good}`);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('503');
});

test('GET /healthcheck needs no token, at that address exactly', async () => {
  const server = await startServer('rtcstats');
  expect((await fetch(`${server.url}/healthcheck`)).status).toBe(200);
  expect((await fetch(`${server.url}/healthcheck?x=1`)).status).toBe(404);
});
