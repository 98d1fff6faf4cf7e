import { expect, test } from 'vitest';
import {
  mediamtxUrl,
  mediamtxWhip,
  red5Parameters,
  red5Rtmp,
  red5RtmpUrl,
  streamKeyWhip,
} from '../src/encoder.ts';

const token = 'eyJh.eyJz.c2ln-_';
const red5 = { server: 'rtmp://media.example.com', room: 'studio-1', stream: 'camera', token };

test('Red5 by RTMP: server and stream key as OBS asks for them, and FFmpeg’s one address', () => {
  const server = `rtmp://media.example.com/live/studio-1?username=jwt&password=jwt&token=${token}`;
  expect(red5Rtmp(red5)).toEqual({ server, streamKey: 'camera' });
  expect(red5RtmpUrl(red5)).toBe(`${server}/camera`);
});

test('Red5’s mobile SDKs get their parameters', () => {
  expect(red5Parameters(token)).toBe(`username=jwt;password=jwt;token=${token};`);
});

test.each([
  ['rtmp://cams.example.com:1935', 'rtmp://cams.example.com:1935/live/cam1?token='],
  ['rtsps://cams.example.com/', 'rtsps://cams.example.com/live/cam1?token='],
])('MediaMTX at %s', (server, address) => {
  expect(mediamtxUrl(server, 'live/cam1', token)).toBe(address + token);
});

test('MediaMTX by WHIP: an address, and the token beside it', () => {
  expect(mediamtxWhip('https://cams.example.com:8889', 'live/cam1', token)).toEqual({
    url: 'https://cams.example.com:8889/live/cam1/whip',
    bearerToken: token,
  });
});

const place = {
  endpoint: 'https://api.example.com/prod/token',
  target: 'red5',
  room: 'studio-1',
  stream: 'a/b',
  streamKey: 'k.e.y',
};

test('a stream key goes to the address that never changes', () => {
  expect(streamKeyWhip(place)).toEqual({
    url: 'https://api.example.com/prod/whip/red5/studio-1/a%2Fb',
    bearerToken: 'k.e.y',
  });
});

test.each([
  [
    'an endpoint that is another address',
    () => streamKeyWhip({ ...place, endpoint: 'https://api.example.com' }),
  ],
  ['another protocol', () => red5Rtmp({ ...red5, server: 'https://media.example.com' })],
  ['a server with a path', () => mediamtxUrl('rtmp://cams.example.com/live', 'cam1', token)],
  ['a name that leads out', () => mediamtxUrl('rtsp://cams.example.com', 'live/../cam1', token)],
  ['no name', () => red5Rtmp({ ...red5, stream: '' })],
])('%s is a mistake of the app', (_, make) => {
  expect(make).toThrow(TypeError);
});

test.each([
  ['RTMP', 1024, (text: string) => red5RtmpUrl({ ...red5, token: text })],
  ['RTMP', 1024, (text: string) => mediamtxUrl('rtmp://cams.example.com', 'cam1', text)],
  ['RTSP', 4096, (text: string) => mediamtxUrl('rtsp://cams.example.com', 'cam1', text)],
])('an %s address of %i characters is whole, and one more is refused', (_, longest, make) => {
  const room = longest - make('').length;
  expect(make('t'.repeat(room))).toHaveLength(longest);
  expect(() => make('t'.repeat(room + 1))).toThrow(
    `${longest + 1} characters, of which encoders keep ${longest}`,
  );
});

test('a stream name cannot add a parameter or another server', () => {
  expect(red5Rtmp({ ...red5, stream: 'a?token=b' }).streamKey).toBe('a%3Ftoken%3Db');
  expect(red5Rtmp({ ...red5, room: 'a?b&c' }).server).toContain('/live/a%3Fb%26c?username=jwt&');
});
