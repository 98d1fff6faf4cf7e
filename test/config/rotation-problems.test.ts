import { expect, test } from 'vitest';
import { days, hours, red5 } from '../../lib/config/index.ts';
import { problemsOf } from '../support/config.ts';

const rotations: [string, unknown, string, RegExp][] = [
  ['a member that is not known', { often: 1 }, 'rotation.often', /not a known option/],
  ['an age that is a string', { every: '90 days' }, 'rotation.every', /days\(90\)/],
  [
    'an age below a rotation',
    { every: hours(1) },
    'rotation.every',
    /must be \d+ seconds or more: a rotation of red5/,
  ],
  [
    'a window without days',
    { window: { days: [], from: '09:00', to: '16:00', timeZone: 'UTC' } },
    'rotation.window.days',
    /never opens/,
  ],
  [
    'a window that is empty',
    { window: { days: ['Tue'], from: '09:00', to: '09:00', timeZone: 'UTC' } },
    'rotation.window',
    /never opens/,
  ],
  [
    'a day that is none',
    { window: { days: ['Die'], from: '09:00', to: '16:00', timeZone: 'UTC' } },
    'rotation.window.days[0]',
    /Mon, Tue/,
  ],
  [
    'a time that is none',
    { window: { days: ['Tue'], from: '9', to: '16:00', timeZone: 'UTC' } },
    'rotation.window.from',
    /"09:00"/,
  ],
  [
    'a place that is none',
    { window: { days: ['Tue'], from: '09:00', to: '16:00', timeZone: 'Berlin' } },
    'rotation.window.timeZone',
    /Europe\/Berlin/,
  ],
  [
    'a window, more often than it opens for sure',
    { every: days(5), window: { days: ['Tue'], from: '09:00', to: '16:00', timeZone: 'UTC' } },
    'rotation.every',
    /seconds or more/,
  ],
  ['a negative number of nodes', { tolerate: -1 }, 'rotation.tolerate', /0 or more/],
];

test.each(rotations)('%s is one line with its path', (_, rotation, path, problem) => {
  const target = red5({ issuer: 'streampass' });
  const problems = problemsOf({ issuers: [], targets: { red5: target }, grants: [], rotation } as never);
  expect(problems).toMatchObject([{ path, problem: expect.stringMatching(problem) as string }]);
});

test.each([
  ['a word that is not known', 'never', 'targets.red5.rotation', /"manual" or an object/],
  ['an age below a rotation', { every: 60 }, 'targets.red5.rotation.every', /seconds or more/],
])('of a target, %s is one line with its path', (_, rotation, path, problem) => {
  const target = red5({ issuer: 'streampass', rotation } as never);
  const problems = problemsOf({ issuers: [], targets: { red5: target }, grants: [] });
  expect(problems).toMatchObject([{ path, problem: expect.stringMatching(problem) as string }]);
});

test.each(['manual', { every: days(30), tolerate: 2 }] as const)('a target may say %j', (rotation) => {
  const target = red5({ issuer: 'streampass', rotation });
  expect(problemsOf({ issuers: [], targets: { red5: target }, grants: [] })).toEqual([]);
});
