import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jitsiOptions, red5ConnectionParams, red5WhepUrl, red5WhipUrl, rtcstatsUrl } from '../src/servers.ts';

const token = 'eyJh.eyJz.c2ln-_';

test('Red5’s connection parameters name nobody but the token', () => {
  expect(red5ConnectionParams(token)).toEqual({ username: 'jwt', password: 'jwt', token });
});

test.each([
  ['https://media.example.com', 'https://media.example.com/live/public-1/whip/endpoint/camera'],
  ['https://media.example.com/', 'https://media.example.com/live/public-1/whip/endpoint/camera'],
  ['http://localhost:3004', 'http://localhost:3004/live/public-1/whip/endpoint/camera'],
])('publishes to a room of Red5 at %s', (server, address) => {
  expect(red5WhipUrl({ server, room: 'public-1', stream: 'camera', token })).toBe(
    `${address}?username=jwt&password=jwt&token=${token}`,
  );
});

test('watches a stream in the application’s own scope, its name escaped', () => {
  expect(red5WhepUrl({ server: 'https://m.example', app: 'webinar', stream: 'a/b?c', token })).toBe(
    `https://m.example/webinar/whep/endpoint/a%2Fb%3Fc?username=jwt&password=jwt&token=${token}`,
  );
});

test('adds rtcstats’ token beside a query that is there, and in place of an older token', () => {
  expect(rtcstatsUrl('wss://stats.example/v1?a=b&rtcstats-token=old', token)).toBe(
    `wss://stats.example/v1?a=b&rtcstats-token=${token}`,
  );
});

test('Jitsi takes the token as its jwt option', () => {
  expect(jitsiOptions(token)).toEqual({ jwt: token });
});

const stream = { server: 'https://media.example.com', stream: 'main', token };

test.each([
  ['a slash before the application', { app: '/live' }, '/%2Flive/whip/endpoint/main'],
  ['an application with a path', { app: 'live/../x' }, '/live%2F..%2Fx/whip/endpoint/main'],
  ['a fragment in the room', { room: 'a#b' }, '/live/a%23b/whip/endpoint/main'],
  ['a query in the room', { room: 'a?token=b' }, '/live/a%3Ftoken%3Db/whip/endpoint/main'],
  ['another server in the room', { room: '//evil.example' }, '/live/%2F%2Fevil.example/whip/endpoint/main'],
  ['a backslash', { stream: '\\evil' }, '/live/whip/endpoint/%5Cevil'],
])('%s stays in its part of the address', (_, part, path) => {
  const url = new URL(red5WhipUrl({ ...stream, ...part }));
  expect([url.origin, url.pathname, url.searchParams.get('token')]).toEqual([stream.server, path, token]);
});

test.each(['', '.', '..'])('"%s" is not a name', (name) => {
  for (const part of ['app', 'room', 'stream']) {
    expect(() => red5WhepUrl({ ...stream, [part]: name })).toThrow(`"${name}" is not a name in an address`);
  }
});

test.each([
  'media.example.com',
  '//media.example.com',
  'https://media.example.com/live',
  'https://media.example.com?x',
  'https://user@evil.example',
  'https://media.example.com\\@evil.example',
  'https://media.example.com#',
  'javascript://media.example.com',
  'ftp://media.example.com',
])('%s is not an origin of a media server', (server) => {
  expect(() => red5WhipUrl({ ...stream, server })).toThrow('server must be an origin such as https://');
});

test('whatever the names are, the token goes to the server, under the application', () => {
  const name = fc
    .string({ minLength: 1, unit: 'binary' })
    .filter((text) => !/^\.{1,2}$/.test(text) && text.isWellFormed());
  fc.assert(
    fc.property(name, name, name, (app, room, streamName) => {
      const url = new URL(red5WhepUrl({ ...stream, app, room, stream: streamName }));
      expect([url.origin, url.hash, url.username]).toEqual([stream.server, '', '']);
      expect(url.pathname.split('/').map(decodeURIComponent)).toEqual([
        '',
        app,
        room,
        'whep',
        'endpoint',
        streamName,
      ]);
      expect([...url.searchParams.keys()]).toEqual(['username', 'password', 'token']);
    }),
  );
});

test.each(['stats.example', 'javascript:alert(1)', 'wss://', 'wss://stats.example/a b'])(
  'rtcstats takes no address such as %s',
  (server) => {
    expect(() => rtcstatsUrl(server, token)).toThrow('server must be an address such as wss://');
  },
);
