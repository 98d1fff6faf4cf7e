import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import { longestTokenOf } from '../../lib/rotation/longest-token.ts';
import { measure } from '../../lib/rotation/measures.ts';
import { rotationOf, type RotationOptions } from '../../lib/rotation/options.ts';
import { plan } from '../../lib/rotation/plan.ts';
import { policyOf, waitsOf, type Policy } from '../../lib/rotation/policy.ts';
import type { Mark, MarkName, NodeState, RotationState } from '../../lib/rotation/state.ts';

const NOW = Date.parse('2026-11-24T10:00:00Z') / 1000; // A Tuesday.
const DAY = 86_400;
const fleet = { by: 'files', files: ['a'] } as const;

function policyWith(rotation: RotationOptions = {}, hasFleet = true): Policy {
  const target = { keys: 'single', longestToken: 3540, ...(hasFleet && { fleet }) } as const;
  return policyOf(target, DEFAULT_TIMING, rotationOf(rotation));
}

const { announceSeconds, overlapSeconds } = waitsOf(policyWith());

type Marks = Partial<Record<MarkName, Mark>>;

function state(
  labels: RotationState['labels'],
  marks: Marks = {},
  nodes: readonly NodeState[] = [],
  more: Partial<RotationState> = {},
): RotationState {
  const { servers = labels.current ?? '' } = labels;
  return {
    labels: { ...labels, servers },
    versions: Object.fromEntries(Object.values(labels).map((id) => [id, { createdAt: NOW - DAY }])),
    marks: { longest: { version: '3540', at: 0 }, ...marks },
    look: {
      at: NOW,
      dueAt: NOW + 900,
      fresh: true,
      wanted: { required: [servers], allowed: undefined },
      nodes,
      complete: true,
      fruitless: 0,
      behind: 0,
    },
    ...more,
  };
}

const told = (version: string, at = NOW - 60): Marks => ({ servers: { version, at } });
const steady = state({ current: 'v1' }, told('v1'));
const pushing = (nodes: readonly NodeState[]) =>
  state({ current: 'v1', pending: 'v2', servers: 'v2' }, told('v2'), nodes);

describe('a rotation by age', () => {
  test.each([
    ['a second too young', 90 * DAY - 1, 'nothing_due'],
    ['old enough', 90 * DAY, 'secret_due'],
    ['far too old, since nothing came for years', 900 * DAY, 'secret_due'],
  ])('of a secret that is %s', (_, age, reason) => {
    const versions = { v1: { createdAt: NOW - age } };
    expect(plan({ ...steady, versions }, policyWith(), NOW).reason).toBe(reason);
  });

  test('says when it will begin', () => {
    expect(plan(steady, policyWith({ every: 30 * DAY }), NOW).at).toBe(NOW + 29 * DAY);
  });

  test('begins although a node is broken', () => {
    const old = {
      ...state({ current: 'v1' }, told('v1'), [broken('n0')]),
      versions: { v1: { createdAt: 0 } },
    };
    expect(plan(old, policyWith(), NOW).step.kind).toBe('announce');
  });

  test.each([
    ['manual', policyWith({ every: 'manual' }), 'rotation_manual'],
    ['without a fleet', policyWith({}, false), 'no_fleet'],
  ] as const)('does not begin by itself if it is %s', (_, policy, reason) => {
    const versions = { v1: { createdAt: 0 } };
    expect(plan({ ...steady, versions }, policy, NOW)).toMatchObject({ step: { kind: 'wait' }, reason });
  });
});

describe('servers without a fleet', () => {
  const policy = policyWith({}, false);
  const known = { announced: { version: 'v2', at: NOW - announceSeconds } };

  test('are not rotated by a start', () => {
    const planned = plan({ ...steady, command: 'start' }, policy, NOW);
    expect(planned).toMatchObject({ step: { kind: 'refuse' }, reason: 'no_fleet' });
  });

  test('are rotated by a start that confirms that they follow', () => {
    const planned = plan({ ...steady, command: 'start', serversFollow: true }, policy, NOW);
    expect(planned.step).toEqual({ kind: 'announce', confirmed: true });
  });

  test.each([
    ['a pending version that somebody put', { current: 'v1', pending: 'v2' }, 'v2', announceSeconds],
    [
      'a current version that somebody put',
      { current: 'v2', previous: 'v1', servers: 'v1' },
      'v2',
      announceSeconds,
    ],
    ['the end of the overlap', { current: 'v2', previous: 'v1' }, 'v2', overlapSeconds],
  ] satisfies [string, RotationState['labels'], string, number][])(
    'stay as they are at %s until somebody confirms',
    (_, labels: RotationState['labels'], version, wait) => {
      const at = NOW - wait;
      const marks = {
        ...known,
        ...told(labels.servers ?? labels.current ?? '', at),
        promoted: { version: 'v2', at },
      };
      const unconfirmed = plan(state(labels, marks), policy, NOW);
      expect(unconfirmed).toMatchObject({ step: { kind: 'wait' }, reason: 'no_fleet' });
      const confirmed = state(labels, { ...marks, confirmed: { version, at } });
      expect(plan(confirmed, policy, NOW).step.kind).toMatch(/^(retarget|drop)$/);
      const command = { command: 'start', serversFollow: true } as const;
      expect(plan({ ...state(labels, marks), ...command }, policy, NOW).step).toEqual({
        kind: 'mark',
        mark: 'confirmed',
        version,
      });
    },
  );
});

describe('the push window', () => {
  const marks = { ...told('v1', 0), announced: { version: 'v2', at: NOW - announceSeconds } };
  const due = state({ current: 'v1', pending: 'v2' }, marks);
  const window = { days: ['Wed'], from: '09:00', to: '16:00', timeZone: 'UTC' } as const;

  test('is waited for', () => {
    const planned = plan(due, policyWith({ window: { ...window, days: ['Wed'] } }), NOW);
    expect(planned).toMatchObject({ reason: 'outside_window', at: NOW + 23 * 3600 });
  });

  test('lets a push begin', () => {
    const planned = plan(due, policyWith({ window: { ...window, days: ['Tue'] } }), NOW);
    expect(planned.reason).toBe('twins_complete');
  });

  test('holds up neither an emergency nor an abort nor a node that drifted', () => {
    const closed = policyWith({ window: { ...window, days: ['Wed'] } });
    expect(plan({ ...due, command: 'emergency' }, closed, NOW).step.kind).toBe('replace');
    const aborted = { aborted: { version: 'v2', at: NOW - 5 } };
    const back = state({ current: 'v1', pending: 'v2', servers: 'v2' }, { ...told('v2'), ...aborted });
    expect(plan(back, closed, NOW).reason).toBe('abort_turns_back');
    const drifted = state({ current: 'v1' }, told('v1'), [{ node: 'n0', holds: ['v0'] }]);
    expect(plan(drifted, closed, NOW).step.kind).toBe('push');
  });
});

function broken(node: string, failedAgo?: number, times = 1): NodeState {
  const failed = failedAgo === undefined ? undefined : { version: 'v2', at: NOW - failedAgo, times };
  return { node, holds: [], problem: 'the reload command failed', ...(failed && { failed }) };
}

describe('a broken node', () => {
  const behind: NodeState = { node: 'fresh', holds: ['v1'] };

  test.each([
    ['a second too early', 59, 1, false],
    ['after a minute', 60, 1, true],
    ['too early the third time', 239, 3, false],
    ['after four minutes the third time', 240, 3, true],
    ['after an hour at most', 3600, 20, true],
  ])('is tried again %s: %s', (_, ago, times, isTried) => {
    const { step, reason } = plan(pushing([broken('n0', ago, times)]), policyWith(), NOW);
    expect(step.kind).toBe(isTried ? 'push' : 'wait');
    if (!isTried) expect(reason).toBe('node_failed');
  });

  test('keeps the new secret from the rest of the fleet, for it may be what breaks them', () => {
    expect(plan(pushing([broken('n0', 5), behind]), policyWith(), NOW).step.kind).toBe('wait');
    expect(plan(pushing([broken('n0', 60), behind]), policyWith(), NOW).step).toMatchObject({
      nodes: ['n0'],
    });
  });

  test('that is tolerated keeps nothing from the rest, and a further failure ends the push', () => {
    const { step } = plan(pushing([broken('n0', 5), behind]), policyWith({ tolerate: 1 }), NOW);
    expect(step).toMatchObject({ kind: 'push', nodes: ['fresh'], failuresAllowed: 0 });
  });

  test('that does not answer keeps nothing from the rest', () => {
    const silent = { node: 'silent', holds: [], problem: 'did not answer' };
    const { step } = plan(pushing([silent, behind]), policyWith(), NOW);
    expect(step).toMatchObject({ kind: 'push', nodes: ['silent', 'fresh'], failuresAllowed: 1 });
  });

  test('that is tolerated does not hold up a promotion; the old secret stays for it', () => {
    const policy = policyWith({ tolerate: 1 });
    const holds = { node: 'n1', holds: ['v2'] };
    expect(plan(pushing([broken('n0', 5), holds]), policy, NOW).step.kind).toBe('promote');
    expect(plan(pushing([broken('n0', 5), broken('n1', 5)]), policy, NOW).step.kind).toBe('wait');
    const at = NOW - overlapSeconds;
    const over = state(
      { current: 'v2', previous: 'v1' },
      { ...told('v2', at), promoted: { version: 'v2', at } },
      [broken('n0', 5), holds],
    );
    expect(plan(over, policy, NOW)).toMatchObject({ step: { kind: 'wait' }, reason: 'node_failed' });
  });

  test('is not a reason to keep a secret from anybody in an emergency', () => {
    const emergency = { emergency: { version: 'v2', at: NOW - 60 }, ...told('v2') };
    const nodes = [broken('n0', 60), { ...behind, holds: [] }];
    const { step } = plan(state({ current: 'v2' }, emergency, nodes), policyWith(), NOW);
    expect(step).toMatchObject({ kind: 'push', nodes: ['n0', 'fresh'], failuresAllowed: Infinity });
  });
});

describe('a look', () => {
  const asRemembered = (seen: RotationState, more: object): RotationState => ({
    ...seen,
    look: { ...(seen.look as NonNullable<RotationState['look']>), fresh: false, ...more },
  });

  test('that is young enough is not repeated while nothing depends on it', () => {
    const seen = state({ current: 'v1' }, told('v1', 0));
    expect(plan(asRemembered(seen, { at: NOW - 800 }), policyWith(), NOW).reason).toBe('nothing_due');
  });

  test.each([
    ['its time is over', { dueAt: NOW }],
    ['it was taken before the label moved', { at: NOW - 61 }],
    ['the nodes had to hold something else', { wanted: { required: ['v0'], allowed: undefined } }],
  ])('is due if %s', (_, more) => {
    expect(plan(asRemembered(steady, more), policyWith(), NOW).step.kind).toBe('look');
  });

  test('of this invocation is needed before a promotion', () => {
    const ready = pushing([{ node: 'n0', holds: ['v2'] }]);
    expect(plan(asRemembered(ready, {}), policyWith(), NOW).step.kind).toBe('look');
    expect(plan(ready, policyWith(), NOW).step.kind).toBe('promote');
  });

  test('that is not complete pushes to those who answered, and waits for the others', () => {
    const waiting: NodeState = { node: 'slow', holds: [], unanswered: true };
    const half = pushing([waiting, { node: 'n1', holds: ['v1'] }]);
    const look = { ...(half.look as NonNullable<RotationState['look']>), complete: false };
    expect(plan({ ...half, look }, policyWith(), NOW).step).toMatchObject({ kind: 'push', nodes: ['n1'] });
    const rest = { ...look, nodes: [waiting] };
    expect(plan({ ...half, look: rest }, policyWith(), NOW).reason).toBe('looking');
  });
});

describe('the longest token', () => {
  const rules = [
    { target: 'rtcstats', ttl: 6 * 3600 },
    { target: 'red5', ttl: 7200 },
  ];

  test.each([
    ['is the longest that a rule allows', 'rtcstats', 24 * 3600, 6 * 3600],
    ['is at most the limit of the target', 'red5', 3540, 3540],
    ['is that of a probe if no rule allows any', 'jitsi', 3600, 60],
  ])('%s', (_, name, limit, longest) => {
    expect(longestTokenOf(name, { longestToken: limit }, rules)).toBe(longest);
  });

  const long = { longest: { version: '7200', at: 0 } };
  const waits = waitsOf(policyWith(), 7200);

  test.each([
    ['counts at once if it is longer', { longest: { version: '60', at: 0 } }, 'longest'],
    ['is dated if it is shorter', long, 'shorter'],
    [
      'counts if no longer one is live',
      { ...long, shorter: { version: '3540', at: NOW - 600 - waits.tokensGoneSeconds } },
      'longest',
    ],
  ])('%s', (_, marks, mark) => {
    const planned = plan({ ...steady, marks: { ...told('v1'), ...marks } }, policyWith(), NOW);
    expect(planned.step).toEqual({ kind: 'mark', mark, version: '3540' });
  });

  test('of the configuration before is waited for', () => {
    const marks = {
      ...long,
      ...told('v1', 0),
      shorter: { version: '3540', at: NOW - 60 },
      announced: { version: 'v2', at: NOW - 60 },
    };
    const planned = plan({ ...state({ current: 'v1', pending: 'v2' }), marks }, policyWith(), NOW);
    expect(planned).toMatchObject({ reason: 'waiting_for_twins', at: NOW - 60 + waits.announceSeconds });
  });
});

describe('a target whose servers sign with their keys themselves', () => {
  const livekit = policyOf(
    { keys: 'keyring', longestToken: 3540, fleet, resignsTokens: true },
    DEFAULT_TIMING,
  );
  const overlap = waitsOf(livekit).overlapSeconds;
  const marks = { ...told('v2', NOW - overlap), promoted: { version: 'v2', at: NOW - overlap } };
  const look = {
    wanted: { required: ['v2', 'v1'], allowed: ['v2', 'v1'] },
    nodes: [{ node: 'n0', holds: ['v1', 'v2'] }],
  };
  const kept = state({ current: 'v2', previous: 'v1' }, marks);
  const rotated = { ...kept, look: { ...(kept.look as NonNullable<RotationState['look']>), ...look } };

  test('keeps the previous key after the overlap, and is steady', () => {
    expect(plan(rotated, livekit, NOW)).toMatchObject({ phase: 'steady', step: { kind: 'wait' } });
    expect(plan(rotated, livekit, NOW - 1).phase).toBe('promoted');
  });

  test('can be rotated again', () => {
    expect(plan({ ...rotated, command: 'start' }, livekit, NOW).step.kind).toBe('announce');
  });
});

describe('the measures', () => {
  test.each([
    ['steady', steady, 0],
    [
      'pushing for an hour',
      state({ current: 'v1', pending: 'v2', servers: 'v2' }, told('v2', NOW - 3600)),
      3600,
    ],
    [
      'announced, with a minute to go',
      state(
        { current: 'v1', pending: 'v2' },
        { ...told('v1', 0), announced: { version: 'v2', at: NOW - announceSeconds + 60 } },
      ),
      0,
    ],
    [
      'promoted, a minute past the overlap',
      state(
        { current: 'v2', previous: 'v1' },
        { ...told('v2', 0), promoted: { version: 'v2', at: NOW - overlapSeconds - 60 } },
      ),
      60,
    ],
  ])('say how late a phase is: %s', (_, seen, overdue) => {
    expect(measure(seen, policyWith(), NOW, 0).RotationOverdue).toBe(overdue);
  });

  test('do not call a wait for the window late', () => {
    const marks = { ...told('v1', 0), announced: { version: 'v2', at: NOW - announceSeconds - 3600 } };
    const window = { days: ['Wed'], from: '09:00', to: '16:00', timeZone: 'UTC' } as const;
    const waiting = state({ current: 'v1', pending: 'v2' }, marks);
    expect(
      measure(waiting, policyWith({ window: { ...window, days: ['Wed'] } }), NOW, 0).RotationOverdue,
    ).toBe(0);
  });

  test('count the nodes behind at the last look', () => {
    expect(
      measure(pushing([broken('n0'), { node: 'n1', holds: ['v2'] }]), policyWith(), NOW, 2),
    ).toMatchObject({
      NodesBehind: 1,
      RotationProblem: 2,
    });
  });
});
