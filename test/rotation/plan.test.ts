import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import type { Command, MarkName, NodeState, RotationState } from '../../lib/rotation/state.ts';
import { plan } from '../../lib/rotation/plan.ts';
import { policyOf, waitsOf } from '../../lib/rotation/policy.ts';
import type { Step } from '../../lib/rotation/step.ts';

const NOW = 2_000_000_000;
const fleet = { by: 'files', files: ['a'] } as const;
const policy = policyOf({ keys: 'single', longestToken: 3540, fleet }, DEFAULT_TIMING);
const { announceSeconds, overlapSeconds } = waitsOf(policy);

/** `C`, `P`, `V`, `S`: the holders of AWSCURRENT, AWSPENDING, AWSPREVIOUS and STREAMPASS_SERVERS. */
interface State {
  readonly C?: string;
  readonly P?: string;
  readonly V?: string;
  readonly S?: string;
  /** Mark to `version age`. */
  readonly marks?: Readonly<Partial<Record<MarkName, readonly [version: string, age: number]>>>;
  /** What each node holds, or all that is known of it. */
  readonly nodes?: readonly (string | undefined | Partial<NodeState>)[];
  readonly unusable?: string;
  readonly created?: Readonly<Record<string, number>>;
  readonly asked?: Command;
  readonly more?: Partial<RotationState>;
  /** What the look that was just taken differs in. */
  readonly look?: Partial<RotationState['look']>;
}

/** A state with a look that was just taken, at nodes that had to hold what the servers' label says. */
function stateOf({
  C,
  P,
  V,
  S,
  marks = {},
  nodes = [],
  unusable,
  created = {},
  asked,
  more,
  look,
}: State): RotationState {
  const labels = { current: C, pending: P, previous: V, servers: S };
  const held = Object.entries(labels).filter(([, version]) => version !== undefined);
  return {
    ...(asked && { command: asked }),
    labels: Object.fromEntries(held),
    versions: Object.fromEntries(
      held.map(([, id]) => [
        String(id),
        {
          createdAt: NOW - (created[String(id)] ?? 1e7),
          ...(id === unusable && { problem: 'is too short' }),
        },
      ]),
    ),
    marks: Object.fromEntries(
      Object.entries({ longest: ['3540', 1e7] as const, ...marks }).map(([name, [version, age]]) => [
        name,
        { version, at: NOW - age },
      ]),
    ),
    look: {
      at: NOW,
      dueAt: NOW + 900,
      fresh: true,
      wanted: { required: [S ?? C ?? ''], allowed: undefined },
      complete: true,
      fruitless: 0,
      behind: 0,
      nodes: nodes.map((known, index) => ({
        node: `n${index}`,
        holds: typeof known === 'string' ? [known] : [],
        ...(typeof known === 'object' && known),
      })),
      ...look,
    },
    ...more,
  };
}

const announced = { C: 'v1', P: 'v2', S: 'v1' } as const;
const pushing = {
  C: 'v1',
  P: 'v2',
  S: 'v2',
  marks: { announced: ['v2', 1e6], servers: ['v2', 60] },
} as const;
const promoted = { C: 'v2', V: 'v1', S: 'v2' } as const;
const settled = { servers: ['v2', 1e6], promoted: ['v2', 1e6] } as const;

const states: [string, State, string, Step, number?][] = [
  ['makes the first version', {}, 'empty', { kind: 'create' }],
  ['makes none on abort', { asked: 'abort' }, 'empty', { kind: 'refuse' }],
  [
    'labels a version for the servers',
    { C: 'v1' },
    'steady',
    { kind: 'retarget', from: undefined, to: 'v1' },
  ],
  [
    'waits while steady',
    { C: 'v1', S: 'v1', marks: { servers: ['v1', 9] }, nodes: ['v1'] },
    'steady',
    { kind: 'wait' },
  ],
  [
    'brings back a node that drifted',
    { C: 'v1', S: 'v1', marks: { servers: ['v1', 9] }, nodes: ['v1', 'v0', undefined] },
    'steady',
    { kind: 'push', versions: ['v1'], nodes: ['n1', 'n2'], failuresAllowed: 0 },
  ],
  [
    'announces on start',
    { C: 'v1', S: 'v1', asked: 'start' },
    'steady',
    { kind: 'announce', confirmed: false },
  ],
  [
    'announces although a node is behind',
    { C: 'v1', S: 'v1', nodes: ['v0'], asked: 'start' },
    'steady',
    { kind: 'announce', confirmed: false },
  ],
  ['refuses a second start', { ...announced, asked: 'start' }, 'announced', { kind: 'refuse' }],
  ['refuses a start in the overlap', { ...promoted, asked: 'start' }, 'promoted', { kind: 'refuse' }],
  [
    'dates a pending version that no start made',
    announced,
    'announced',
    { kind: 'mark', mark: 'announced', version: 'v2' },
  ],
  [
    'waits until every token has its twin',
    { ...announced, marks: { announced: ['v2', announceSeconds - 1], servers: ['v1', 1e6] } },
    'announced',
    { kind: 'wait' },
    NOW + 1,
  ],
  [
    'counts from the creation where that is later than the mark',
    {
      ...announced,
      created: { v2: 10 },
      marks: { announced: ['v2', announceSeconds], servers: ['v1', 1e6] },
    },
    'announced',
    { kind: 'wait' },
    NOW + announceSeconds - 10,
  ],
  [
    'turns the servers to the pending version in time',
    { ...announced, marks: { announced: ['v2', announceSeconds], servers: ['v1', 1e6] } },
    'announced',
    { kind: 'retarget', from: 'v1', to: 'v2' },
  ],
  [
    'pushes to the nodes that lack it',
    { ...pushing, nodes: ['v1', 'v2'] },
    'pushing',
    { kind: 'push', versions: ['v2'], nodes: ['n0'], failuresAllowed: 0 },
  ],
  [
    'promotes once every node holds it',
    { ...pushing, nodes: ['v2', 'v2'] },
    'pushing',
    { kind: 'promote', from: 'v1', to: 'v2' },
  ],
  ['promotes without servers of its own', pushing, 'pushing', { kind: 'promote', from: 'v1', to: 'v2' }],
  [
    'does not promote while servers cannot be listed',
    { ...pushing, look: { problem: 'No running instance has the tag a=b.' } },
    'pushing',
    { kind: 'wait' },
    NOW + 900,
  ],
  [
    'takes the pending label from a current version',
    { ...promoted, P: 'v2' },
    'promoted',
    { kind: 'drop', label: 'AWSPENDING', version: 'v2' },
  ],
  [
    'dates a promotion',
    { ...promoted, marks: { servers: ['v2', 9] } },
    'promoted',
    { kind: 'mark', mark: 'promoted', version: 'v2' },
  ],
  [
    'keeps the old version for the overlap',
    { ...promoted, marks: { servers: ['v2', 1e6], promoted: ['v2', overlapSeconds - 1] } },
    'promoted',
    { kind: 'wait' },
    NOW + 1,
  ],
  [
    'repairs a straggler in the overlap',
    { ...promoted, marks: settled, nodes: ['v1'] },
    'promoted',
    { kind: 'push', versions: ['v2'], nodes: ['n0'], failuresAllowed: 0 },
  ],
  [
    'drops the old version after the overlap',
    { ...promoted, marks: settled, nodes: ['v2'] },
    'promoted',
    { kind: 'drop', label: 'AWSPREVIOUS', version: 'v1' },
  ],
  [
    'aborts an announcement at once',
    { ...announced, marks: { announced: ['v2', 60] }, asked: 'abort' },
    'announced',
    { kind: 'drop', label: 'AWSPENDING', version: 'v2' },
  ],
  [
    'notes an abort that comes when a push may be under way',
    { ...announced, marks: { announced: ['v2', announceSeconds - 1] }, asked: 'abort' },
    'announced',
    { kind: 'mark', mark: 'aborted', version: 'v2' },
  ],
  [
    'notes an abort while runs may reckon with another length of tokens',
    {
      ...announced,
      marks: { announced: ['v2', announceSeconds - 3540 - 60], longest: ['3540', 179] },
      asked: 'abort',
    },
    'announced',
    { kind: 'mark', mark: 'aborted', version: 'v2' },
  ],
  [
    'aborts an announcement at once, whatever the length of tokens, before one of any length would be over',
    {
      ...announced,
      marks: { announced: ['v2', announceSeconds - 3540 - 61], longest: ['3540', 179] },
      asked: 'abort',
    },
    'announced',
    { kind: 'drop', label: 'AWSPENDING', version: 'v2' },
  ],
  [
    'notes an abort while pushing, though longer tokens make the wait longer than it was',
    { ...pushing, marks: { announced: ['v2', 60] }, asked: 'abort' },
    'pushing',
    { kind: 'mark', mark: 'aborted', version: 'v2' },
  ],
  [
    'notes an abort while pushing',
    { ...pushing, asked: 'abort' },
    'pushing',
    { kind: 'mark', mark: 'aborted', version: 'v2' },
  ],
  [
    'turns the servers back on an abort',
    { ...pushing, marks: { ...pushing.marks, aborted: ['v2', 1] } },
    'aborting',
    { kind: 'retarget', from: 'v2', to: 'v1' },
  ],
  [
    'keeps an aborted version for the overlap',
    {
      ...announced,
      marks: { announced: ['v2', 1e6], servers: ['v1', 10], aborted: ['v2', 20] },
      nodes: ['v1'],
    },
    'aborting',
    { kind: 'wait' },
    NOW + overlapSeconds - 10,
  ],
  [
    'dates the label of the servers anew where somebody moved it by hand',
    { ...announced, marks: { announced: ['v2', 1e6], servers: ['v2', 1e6], aborted: ['v2', 1e6] } },
    'aborting',
    { kind: 'mark', mark: 'servers', version: 'v1' },
  ],
  [
    'drops an aborted version',
    {
      ...announced,
      marks: { announced: ['v2', 1e6], servers: ['v1', 1e6], aborted: ['v2', 1e6] },
      nodes: ['v1'],
    },
    'aborting',
    { kind: 'drop', label: 'AWSPENDING', version: 'v2' },
  ],
  ['refuses to abort what is promoted', { ...promoted, asked: 'abort' }, 'promoted', { kind: 'refuse' }],
  ['refuses to abort nothing', { C: 'v1', S: 'v1', asked: 'abort' }, 'steady', { kind: 'refuse' }],
  [
    'forgets the date of a version that is pending no more',
    { C: 'v1', S: 'v1', marks: { servers: ['v1', 9], announced: ['v2', 9] } },
    'steady',
    { kind: 'unmark', mark: 'announced' },
  ],
  [
    'dates a current version that was put by hand',
    { C: 'v2', V: 'v1', S: 'v1' },
    'bypassed',
    { kind: 'mark', mark: 'announced', version: 'v2' },
  ],
  [
    'keeps the servers while tokens live that do not know it',
    { C: 'v2', V: 'v1', S: 'v1', marks: { announced: ['v2', announceSeconds - 5] }, nodes: ['v1'] },
    'bypassed',
    { kind: 'wait' },
    NOW + 5,
  ],
  [
    'brings it to the servers in time',
    { C: 'v2', V: 'v1', S: 'v1', marks: { announced: ['v2', announceSeconds] }, nodes: ['v1'] },
    'bypassed',
    { kind: 'retarget', from: 'v1', to: 'v2' },
  ],
  [
    'never brings an unusable one to the servers',
    { C: 'v2', V: 'v1', S: 'v1', unusable: 'v2', marks: { announced: ['v2', 1e6] }, nodes: ['v1'] },
    'bypassed',
    { kind: 'wait' },
  ],
  [
    'takes the servers back to a promoted version after a lost label',
    { C: 'v2', V: 'v1', marks: settled },
    'promoted',
    { kind: 'retarget', from: undefined, to: 'v2' },
  ],
  [
    'believes a lost label to be on the previous version where no promotion is known',
    { C: 'v2', V: 'v1' },
    'promoted',
    { kind: 'retarget', from: undefined, to: 'v1' },
  ],
  [
    'ends a rotation that was rolled back',
    { C: 'v1', V: 'v2', P: 'v2', S: 'v2' },
    'pushing',
    { kind: 'drop', label: 'AWSPENDING', version: 'v2' },
  ],
  [
    'gives up a pending version that hides the one on the servers',
    { C: 'v3', P: 'v2', V: 'v1', S: 'v1' },
    'bypassed',
    { kind: 'drop', label: 'AWSPENDING', version: 'v2' },
  ],
  [
    'makes the version on the servers the fallback',
    { C: 'v3', P: 'v2', V: 'v1', S: 'v2' },
    'pushing',
    { kind: 'restore', from: 'v1', to: 'v2' },
  ],
  [
    'takes the servers back to what every token knows',
    { C: 'v3', V: 'v1', S: 'v2' },
    'bypassed',
    { kind: 'retarget', from: 'v2', to: 'v1' },
  ],
  [
    'keeps the servers on what most tokens know',
    { C: 'v4', V: 'v3', S: 'v2', created: { v3: 100 } },
    'bypassed',
    { kind: 'restore', from: 'v3', to: 'v2' },
  ],
  [
    'counts an unusable pending version as absent',
    { C: 'v1', P: 'v2', S: 'v1', unusable: 'v2', marks: { servers: ['v1', 9] } },
    'steady',
    { kind: 'wait' },
  ],
  [
    'replaces an unusable pending version on start',
    { C: 'v1', P: 'v2', S: 'v1', unusable: 'v2', asked: 'start' },
    'steady',
    { kind: 'announce', confirmed: false },
  ],
  [
    'pushes nothing while the only version is unusable',
    { C: 'v1', S: 'v1', unusable: 'v1', nodes: ['v0'] },
    'steady',
    { kind: 'wait' },
  ],
  ['replaces at once in an emergency', { ...promoted, asked: 'emergency' }, 'promoted', { kind: 'replace' }],
  [
    'refuses the second delivery of an emergency',
    { C: 'v2', S: 'v2', marks: { emergency: ['v2', 60] }, asked: 'emergency' },
    'steady',
    { kind: 'refuse' },
  ],
  [
    'drops a leaked version without an overlap',
    { ...promoted, marks: { emergency: ['v2', 1] } },
    'promoted',
    { kind: 'drop', label: 'AWSPREVIOUS', version: 'v1' },
  ],
  [
    'drops what was pending before an emergency',
    { C: 'v2', P: 'v3', S: 'v2', marks: { emergency: ['v2', 1] } },
    'announced',
    { kind: 'drop', label: 'AWSPENDING', version: 'v3' },
  ],
  [
    'rotates again after an emergency',
    {
      C: 'v2',
      P: 'v3',
      S: 'v2',
      created: { v3: 10 },
      marks: { emergency: ['v2', 100], announced: ['v3', 10], servers: ['v2', 100] },
    },
    'announced',
    { kind: 'wait' },
    NOW + announceSeconds - 10,
  ],
];

describe('a plan', () => {
  test.each(states)('%s', (_, state, phase, step, at) => {
    const planned = plan(stateOf(state), policy, NOW);
    expect(planned).toMatchObject({ phase, step });
    expect(planned.at).toBe(at);
    expect(planned.why).toMatch(/\.$/);
  });

  const probing = { ...policy, probes: true };

  test.each([
    ['asks for a probe before it promotes', { ...pushing, nodes: ['v2'] }, { kind: 'probe', version: 'v2' }],
    [
      'asks for a probe before it drops the old version',
      { ...promoted, marks: settled },
      { kind: 'probe', version: 'v2' },
    ],
    [
      'pushes before it probes',
      { ...pushing, nodes: ['v1'] },
      { kind: 'push', versions: ['v2'], nodes: ['n0'], failuresAllowed: 0 },
    ],
    [
      'promotes what was accepted',
      { ...pushing, more: { probe: { accepted: true } } },
      { kind: 'promote', from: 'v1', to: 'v2' },
    ],
    [
      'does not promote what was turned away',
      { ...pushing, more: { probe: { accepted: false, problem: 'Invalid signature' } } },
      { kind: 'wait' },
    ],
  ] satisfies [string, State, Step][])('%s', (_, state, step) => {
    expect(plan(stateOf(state), probing, NOW).step).toEqual(step);
  });

  test('says what a server said to a probe', () => {
    const seen = stateOf({ ...pushing, more: { probe: { accepted: false, problem: 'Invalid signature' } } });
    expect(plan(seen, probing, NOW).why).toContain('Invalid signature');
  });

  describe('for servers that look secrets up by kid', () => {
    const keyring = policyOf({ keys: 'keyring', longestToken: 3540, fleet }, DEFAULT_TIMING);
    const marks = { announced: ['v2', 9], servers: ['v1', 9] } as const;
    const ring = ['v1', 'v2'];
    const push = { kind: 'push', versions: ring, nodes: ['n0'], failuresAllowed: 0 };

    test('does not push a key that is only announced, nor take it from a node that has it', () => {
      for (const holds of [['v1'], ring]) {
        const state = { ...announced, marks, nodes: [{ holds }] };
        const look = { wanted: { required: ['v1'], allowed: ring } };
        expect(plan(stateOf({ ...state, look }), keyring, NOW).reason).toBe('waiting_for_twins');
      }
    });

    test('brings the whole ring once the servers are to hold the new key', () => {
      const state = { ...pushing, nodes: ['v1'], look: { wanted: { required: ring, allowed: ring } } };
      expect(plan(stateOf(state), keyring, NOW).step).toEqual(push);
    });

    test('takes dropped versions away', () => {
      const nodes = [{ holds: ['v1', 'gone'] }];
      const look = { wanted: { required: ['v1'], allowed: ['v1'] } };
      const state = { C: 'v1', S: 'v1', marks: { servers: ['v1', 9] }, nodes, look } as const;
      expect(plan(stateOf(state), keyring, NOW).step).toEqual({ ...push, versions: ['v1'] });
    });
  });

  test('keeps each version of a key ring until its last token is gone', () => {
    for (const keys of ['keyring', 'jwks'] as const) {
      const many = waitsOf(policyOf({ keys, longestToken: 86_400 }, DEFAULT_TIMING));
      expect(many.overlapSeconds).toBe(600 + 86_400 + 60 + 120 + 120);
      expect(many.announceSeconds).toBeLessThan(announceSeconds);
    }
  });

  test('pushes nothing to servers that fetch public keys', () => {
    const jwks = policyOf({ keys: 'jwks', longestToken: 3540 }, DEFAULT_TIMING);
    const seen = stateOf({ ...pushing, nodes: ['v1'] });
    expect(plan(seen, jwks, NOW).step).toEqual({ kind: 'promote', from: 'v1', to: 'v2' });
  });

  test('is made for any labels, marks and nodes, and never retargets, pushes or promotes an unusable version', () => {
    const version = fc.constantFrom('v1', 'v2', 'v3', 'v4');
    const maybe = fc.option(version, { nil: undefined });
    const mark = fc.option(fc.tuple(version, fc.constantFrom(0, 60, 5000, 1e6)), { nil: undefined });
    const anyState = fc.record({
      C: maybe,
      P: maybe,
      V: maybe,
      S: maybe,
      nodes: fc.array(maybe, { maxLength: 3 }),
      unusable: maybe,
      asked: fc.constantFrom('start', 'emergency', 'abort', undefined),
      marks: fc.record({ announced: mark, servers: mark, promoted: mark, aborted: mark, emergency: mark }),
    });
    fc.assert(
      fc.property(anyState, ({ marks, ...state }) => {
        const set = Object.fromEntries(Object.entries(marks).filter(([, value]) => value !== undefined));
        const given = JSON.parse(JSON.stringify({ ...state, marks: set })) as State;
        const { step, why } = plan(stateOf(given), policy, NOW);
        expect(why).not.toBe('');
        if (state.unusable === undefined) return;
        if (step.kind === 'promote' || step.kind === 'retarget') expect(step.to).not.toBe(state.unusable);
        if (step.kind === 'push') expect(step.versions).not.toContain(state.unusable);
      }),
      { numRuns: 2000 },
    );
  });
});
