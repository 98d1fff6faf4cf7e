import { expect, test } from 'vitest';
import type { Timing } from '../../lib/config/config.ts';
import { reported } from '../../lib/config/fleets.ts';
import { red5, rtcstats } from '../../lib/media-servers/index.ts';
import { problemsOf as configProblemsOf } from '../support/config.ts';

function problemsOf(timing: Partial<Timing>, options: Partial<Parameters<typeof red5>[0]> = {}): string[] {
  const targets = { live: red5({ issuer: 'i', ...options }), stats: rtcstats({}) };
  return configProblemsOf({ issuers: [], targets, grants: [], timing }).map(
    ({ path, problem }) => `${path}: ${problem}`,
  );
}

test('the defaults hold', () => {
  expect(problemsOf({})).toEqual([]);
});

test.each([
  [
    'overlap below the age of a ring',
    { overlap: 599 },
    /^timing.overlap: must be at least keyRingMaxAge \(600 s\)/,
  ],
  ['overlap within the slack', { overlap: 700, slack: 700 }, /^timing.overlap: must be above slack/],
  [
    'refresh at the end of a ring',
    { keyRingRefresh: 600 },
    /^timing.keyRingRefresh: must be below keyRingMaxAge/,
  ],
  ['a negative skew', { clockSkew: -1 }, /^timing.clockSkew: must be a whole number, 0 or more/],
  ['half a second', { slack: 0.5 }, /^timing.slack: must be a whole number/],
  ['no age at all', { keyRingMaxAge: Number.NaN }, /^timing.keyRingMaxAge: must be a number, not NaN/],
])('%s is refused', (_, timing, problem) => {
  const problems = problemsOf(timing);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
});

test.each([
  [3540, 0],
  [3541, 1],
])(
  'a longest token of %i s at servers with 60 minutes and 60 s skew has %i problems',
  (longestToken, count) => {
    const problems = problemsOf({}, { longestToken });
    expect(problems).toHaveLength(count);
    for (const problem of problems)
      expect(problem).toMatch(
        /^targets.live.longestToken: the servers' limit \(3600 s\) must be at least 3601 s/,
      );
  },
);

test.each([
  [184, []],
  [
    183,
    [
      'timing.overlap: must be above 183 s because the nodes of targets.live report: slack (3 s) and the age of a report (180 s)',
    ],
  ],
])('with nodes that report, an overlap of %i s', (overlap, problems) => {
  const timing = { keyRingMaxAge: 120, slack: 3, overlap };
  expect(problemsOf(timing, { fleet: reported() })).toEqual(problems);
  expect(problemsOf(timing)).toEqual([]);
});

test.each([0, -5, 1.5, Number.POSITIVE_INFINITY])('a longest token of %d s is refused', (longestToken) => {
  expect(problemsOf({}, { longestToken })).toEqual([
    expect.stringMatching(/^targets.live.longestToken: must be /),
  ]);
});
