import { describe, expect, test } from 'vitest';
import { fillIn, splitCommand } from '../../../cli/stream-url/command.ts';

describe('a command without a shell', () => {
  test.each([
    ['ffmpeg  -i in.mp4\t{url}', ['ffmpeg', '-i', 'in.mp4', '{url}']],
    [`ffmpeg -i "my film.mp4" -vf 'a "b" c'`, ['ffmpeg', '-i', 'my film.mp4', '-vf', 'a "b" c']],
    [`x --name="it's"'!' ""`, ['x', "--name=it's!", '']],
    [String.raw`C:\ffmpeg.exe $HOME *;|&`, [String.raw`C:\ffmpeg.exe`, '$HOME', '*;|&']],
  ])('%j', (command, words) => {
    expect(splitCommand(command)).toEqual(words);
  });

  test.each(['', '   ', 'x "y', "x 'y z", 'x "a"b"'])('%j is refused', (command) => {
    expect(() => splitCommand(command)).toThrow('--exec');
  });
});

describe('settings in a command', () => {
  test('stay one word each, whatever is in them', () => {
    const url = `rtmp://x/a b'"$(reboot)&token={streamKey}`;
    expect(fillIn(['ffmpeg', '-f', 'flv', '{url}', 'k={streamKey}'], { url, streamKey: 's' })).toEqual([
      'ffmpeg',
      '-f',
      'flv',
      url,
      'k=s',
    ]);
  });

  test('are refused if there is none of the name', () => {
    expect(() => fillIn(['ffmpeg', '{address}'], { url: 'u', server: 's' })).toThrow('use {url}, {server}');
    expect(() => fillIn(['ffmpeg', '{constructor}'], { url: 'u' })).toThrow('{constructor} is not a setting');
  });

  test.each(['sh', '/bin/bash', String.raw`C:\Windows\cmd.exe`, 'pwsh'])(
    'never reach %s as program text',
    (shell) => {
      expect(() => fillIn(['env', shell, '-c', 'ffmpeg {url}'], { url: 'u' })).toThrow('"$STREAM_URL"');
      expect(fillIn([shell, '-c', 'ffmpeg "$STREAM_URL"'], { url: 'u' })).toEqual([
        shell,
        '-c',
        'ffmpeg "$STREAM_URL"',
      ]);
    },
  );
});
