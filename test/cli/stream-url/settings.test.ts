import { describe, expect, test } from 'vitest';
import { encoderSettings, serverOnHostOf, type Publishing } from '../../../cli/stream-url/settings.ts';

const T = 'aaa.bbb.ccc';
const RED5 = { room: 'studio-1', stream: 'main', token: T };
const QUERY = `username=jwt&password=jwt&token=${T}`;

describe('what an encoder is set to', () => {
  test.each([
    [
      'red5',
      'RTMP',
      { ...RED5, server: 'rtmp://red5.example.com' },
      {
        url: `rtmp://red5.example.com/live/studio-1?${QUERY}/main`,
        server: `rtmp://red5.example.com/live/studio-1?${QUERY}`,
        streamKey: 'main',
      },
    ],
    [
      'red5',
      'RTSP',
      { ...RED5, server: 'rtsp://red5.example.com:8554' },
      {
        server: 'rtsp://red5.example.com:8554',
        app: 'live/studio-1',
        stream: 'main',
        parameters: `username=jwt;password=jwt;token=${T};`,
      },
    ],
    [
      'red5',
      'WHIP',
      { ...RED5, server: 'https://red5.example.com' },
      { url: `https://red5.example.com/live/studio-1/whip/endpoint/main?${QUERY}` },
    ],
    [
      'mediamtx',
      'RTMP',
      { room: 'live/cam1', token: T, server: 'rtmps://cams.example.com:1936' },
      { url: `rtmps://cams.example.com:1936/live/cam1?token=${T}` },
    ],
    [
      'mediamtx',
      'RTSP',
      { room: 'live/cam1', token: T, server: 'rtsp://cams.example.com:8554' },
      { url: `rtsp://cams.example.com:8554/live/cam1?token=${T}` },
    ],
    [
      'mediamtx',
      'WHIP',
      { room: 'cam1', token: T, server: 'https://cams.example.com:8889' },
      { url: 'https://cams.example.com:8889/cam1/whip', bearerToken: T },
    ],
  ] as const)('%s by %s', (kind, transport, publication, settings) => {
    expect(encoderSettings(kind, transport, publication)).toEqual(settings);
  });

  test.each([
    ['a server of another protocol', 'red5', 'RTMP', { ...RED5, server: 'https://x.example' }, 'rtmp://'],
    ['RTSP at an RTMP server', 'mediamtx', 'RTSP', { room: 'c', token: T, server: 'rtmp://x' }, 'rtsp://'],
    ['no stream at Red5', 'red5', 'RTMP', { room: 'r', token: T, server: 'rtmp://x' }, '--stream'],
    ['a stream at MediaMTX', 'mediamtx', 'RTMP', { ...RED5, server: 'rtmp://x' }, '--room'],
    ['a server that no encoder publishes to', 'jitsi', 'RTMP', { ...RED5, server: 'rtmp://x' }, 'jitsi'],
    ['a room that leads out', 'red5', 'RTMP', { ...RED5, room: '..', server: 'rtmp://x' }, '".."'],
  ] as const)('is refused for %s', (_what, kind, transport, publication, words) => {
    expect(() => encoderSettings(kind, transport, publication)).toThrow(words);
  });

  test.each<[string, Publishing, number]>([
    ['red5', 'RTMP', 1024],
    ['mediamtx', 'RTMP', 1024],
    ['mediamtx', 'RTSP', 4096],
  ])('%s by %s is an address that is not cut', (kind, transport, longest) => {
    const place = {
      server: `${transport.toLowerCase()}://x.example`,
      room: 'r',
      ...(kind === 'red5' && { stream: 's' }),
    };
    const lengthWith = (length: number): number =>
      (encoderSettings(kind, transport, { ...place, token: 'a'.repeat(length) })['url'] ?? '').length;
    const rest = lengthWith(1) - 1;
    expect(lengthWith(longest - rest)).toBe(longest);
    expect(() => lengthWith(longest - rest + 1)).toThrow(RangeError);
  });
});

test('a server is on the host that takes WHIP, at its transport’s own port', () => {
  const whip = 'https://node-1.example.com:8443/live/r/whip/endpoint/s?token=t';
  expect(serverOnHostOf(whip, 'RTMP')).toBe('rtmp://node-1.example.com');
  expect(serverOnHostOf(whip, 'RTSP')).toBe('rtsp://node-1.example.com');
  expect(serverOnHostOf(whip, 'WHIP')).toBe('https://node-1.example.com:8443');
});
