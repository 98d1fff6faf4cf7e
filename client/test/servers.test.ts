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
