import { expect, test } from 'vitest';
import { defineConfig } from '../../lib/config/index.ts';
import { antmedia } from '../../lib/media-servers/index.ts';
import { antmediaProperties } from '../../lib/media-servers/antmedia/config-file.ts';
import { configOf, problemsOf } from '../support/config.ts';
import { may } from '../support/may.ts';

const input = {
  issuers: [],
  targets: { antmedia: antmedia({}) },
  grants: [{ target: 'antmedia', actions: ['publish', 'play'], rooms: ['*'], ttl: 600 }],
};

test.each([
  ['one action in one room', { scope: 'play', room: 'cam1' }, 'yes'],
  ['two actions', { scope: 'publish play', room: 'cam1' }, 'one_action_only'],
  ['whatever is allowed, which is two actions', { room: 'cam1' }, 'one_action_only'],
  ['any room', { scope: 'play' }, 'room_needed'],
])('a request for %s: %s', (_name, asked, answer) => {
  expect(may(configOf(input), {}, 'antmedia', asked)).toBe(answer);
});

test('a config file of Red5’s own name is right for its fleet', () => {
  const fleet = {
    by: 'files',
    files: ['/usr/local/antmedia/webapps/live/WEB-INF/red5-web.properties'],
  } as const;
  expect(problemsOf(defineConfig({ ...input, targets: { antmedia: antmedia({ fleet }) } }))).toEqual([]);
});

test.each([
  ['settings.publishJwtControlEnabled=true\nsettings.playJwtControlEnabled=true\n', []],
  ['settings.publishJwtControlEnabled=true\n', [/^settings.playJwtControlEnabled is not true/]],
  ['', [/^settings.publishJwtControlEnabled/, /^settings.playJwtControlEnabled/]],
])('a file that says %j lets people in without a token: %j', (text, problems) => {
  const expected = { longestTokenSeconds: 3600, clockSkewSeconds: 60 };
  expect(antmediaProperties.problems(`settings.jwtStreamSecretKey=x\n${text}`, expected)).toEqual(
    problems.map((problem) => expect.stringMatching(problem)),
  );
});
