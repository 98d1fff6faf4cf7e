import { expect, test } from 'vitest';
import { parseRotateEvent } from '../../lib/rotation/event.ts';

test.each([
  [{ action: 'start' }, 'start'],
  [{ action: 'start', emergency: false }, 'start'],
  [{ action: 'start', emergency: true }, 'emergency'],
  [{ action: 'advance' }, 'advance'],
  [{ action: 'status' }, 'status'],
  [{ action: 'abort' }, 'abort'],
] as const)('%j is the action %s', (event, action) => {
  expect(parseRotateEvent(event)).toBe(action);
});

test.each([
  ['nothing', undefined, /is no JSON object/],
  ['null', null, /is no JSON object/],
  ['a text', 'start', /is no JSON object/],
  ['a list', [{ action: 'start' }], /is no JSON object/],
  ['no action', {}, /has no "action"/],
  ['an unknown action', { action: 'rotate' }, /has an unknown "action"/],
  ['an action that is no text', { action: ['start'] }, /has an unknown "action"/],
  ['an action in other case', { action: 'START' }, /has an unknown "action"/],
  ['an emergency that is no boolean', { action: 'start', emergency: 'true' }, /neither true nor false/],
  ['an emergency of something else', { action: 'abort', emergency: true }, /without the action "start"/],
  [
    'a member of another event',
    { action: 'start', source: 'aws.events' },
    /has a member that means nothing here/,
  ],
])('%s is refused, with the actions that are known', (_, event, what) => {
  expect(() => parseRotateEvent(event)).toThrow(what);
  expect(() => parseRotateEvent(event)).toThrow(/Known are \{"action":"start"\}.*\{"action":"abort"\}\.$/);
});
