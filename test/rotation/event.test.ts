import { expect, test } from 'vitest';
import { parseRotateEvent } from '../../lib/rotation/event.ts';

test.each([
  [{ action: 'start' }, { action: 'start' }],
  [{ action: 'start', emergency: false }, { action: 'start' }],
  [
    { action: 'start', targets: 'red5' },
    { action: 'start', targets: ['red5'] },
  ],
  [
    { action: 'start', targets: ['red5', 'jitsi', 'red5'], emergency: true },
    { action: 'emergency', targets: ['red5', 'jitsi'] },
  ],
  [
    { action: 'start', confirmServersFollow: true },
    { action: 'start', serversFollow: true },
  ],
  [{ action: 'advance' }, { action: 'advance' }],
  [
    { action: 'status', targets: ['red5'] },
    { action: 'status', targets: ['red5'] },
  ],
  [{ action: 'abort' }, { action: 'abort' }],
] as const)('%j is the command %j', (event, command) => {
  expect(parseRotateEvent(event)).toEqual({ serversFollow: false, ...command });
});

test.each([
  ['nothing', undefined, /is not a JSON object/],
  ['null', null, /is not a JSON object/],
  ['a text', 'start', /is not a JSON object/],
  ['a list', [{ action: 'start' }], /is not a JSON object/],
  ['no action', {}, /has no "action"/],
  ['an unknown action', { action: 'rotate' }, /has an unknown "action"/],
  ['an action that is not a string', { action: ['start'] }, /has an unknown "action"/],
  ['an action in other case', { action: 'START' }, /has an unknown "action"/],
  ['an emergency that is not a boolean', { action: 'start', emergency: 'true' }, /neither true nor false/],
  ['an emergency without targets', { action: 'start', emergency: true }, /without "targets"/],
  ['targets that are not names', { action: 'start', targets: [7] }, /one name or an array of names/],
  ['a target without a name', { action: 'status', targets: [''] }, /one name or an array of names/],
  ['no target at all', { action: 'start', targets: [] }, /one name or an array of names/],
  [
    'a confirmation of something else',
    { action: 'abort', confirmServersFollow: true },
    /without the action "start"/,
  ],
  ['an emergency of something else', { action: 'abort', emergency: true }, /without the action "start"/],
  ['a member of another event', { action: 'start', source: 'aws.events' }, /has a member that is not known/],
])('%s is refused, with the actions that are known', (_, event, what) => {
  expect(() => parseRotateEvent(event)).toThrow(what);
  expect(() => parseRotateEvent(event)).toThrow(/Known are \{"action":"start"\}/);
});
