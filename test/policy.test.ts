/**
 * Who may do what, as a table: a pattern for your own. It is about the configuration of the tests; import yours instead, and
 * write a row for each thing that must stay allowed or forbidden.
 */

import { expect, test } from 'vitest';
import { fixtureConfig } from './support/config.ts';
import { may } from './support/may.ts';

const config = fixtureConfig();

test.each([
  ['broadcasters', 'red5', { scope: 'publish', room: 'studio-1', transport: 'WHIP' }, 'yes'],
  ['broadcasters', 'red5', { scope: 'subscribe', room: 'studio-1' }, 'action_not_allowed'],
  ['viewers', 'red5', { scope: 'subscribe', room: 'public-1' }, 'yes'],
  ['viewers', 'red5', { scope: 'subscribe', room: 'studio-1' }, 'room_not_allowed'],
  ['viewers', 'red5', { scope: 'publish', room: 'public-1' }, 'action_not_allowed'],
  ['viewers', 'jitsi', { room: 'public-1' }, 'yes'],
  ['strangers', 'red5', { room: 'public-1' }, 'target_not_allowed'],
])('%s on %s: %o is answered %s', (group, target, asked, answer) => {
  expect(may(config, { groups: [group] }, target, asked)).toBe(answer);
});

test.each([
  ['red5', { scope: 'publish', room: 'public-1', transport: 'RTMP' }, 'yes'],
  ['red5', { scope: 'publish', room: 'studio-1' }, 'room_not_allowed'],
  ['rtcstats', {}, 'target_not_allowed'],
])('a service on %s: %o is answered %s', (target, asked, answer) => {
  const who = { groups: ['broadcasters', 'moderators'], isService: true };
  expect(may(config, who, target, asked)).toBe(answer);
});
