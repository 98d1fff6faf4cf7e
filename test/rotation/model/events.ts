import type { Policy } from '../../../lib/rotation/policy.ts';
import { fingerprintOf } from '../../../lib/signing-keys/secret.ts';
import type { NodeRow } from '../../../lib/fleet/reported-nodes.ts';
import type { SecretCall } from '../../../lib/rotation/secret-calls.ts';
import type { Command, Look, MarkName, RotationState } from '../../../lib/rotation/state.ts';
import type { Plan, Step } from '../../../lib/rotation/step.ts';
import type { PushWindow } from '../../../lib/rotation/window.ts';
import type { Bounds } from './explore.ts';
import { memo, part } from './parts.ts';
import type { Production } from './production.ts';
import {
  configure,
  EMERGENCY,
  fetchedNow,
  heldText,
  invocationsOf,
  nodesOf,
  settle,
  tick,
  type Budget,
  type Invocation,
  type Labels,
  type Lives,
  type Marks,
  type Node,
  type World,
} from './world.ts';

/** Something that can happen, and the world after it. */
export interface Event {
  readonly name: string;
  readonly world: World;
  /** A rule that was broken by it, other than that no token set is turned away. */
  readonly broken?: string;
}

/** "Now" for the plan: ages are subtracted from it. It is a Monday. */
const NOW = 1_000_000;
/** An age of a report that says nothing any more, in seconds. */
const SILENT = 1000;
const CLOSED: PushWindow = { days: ['Sun'], from: '00:00', to: '24:00', timeZone: 'UTC' };

/** Invocations that can be between two calls at one time. */
const CONCURRENT = 2;

/** What an exploration is about. */
export interface Explored {
  readonly bounds: Bounds;
  readonly lives: Lives;
  readonly decide: Decide;
  readonly callsOf: CallsOf;
}

export function exploredOf(production: Production, policy: Policy, bounds: Bounds, lives: Lives): Explored {
  return { bounds, lives, decide: decideBy(production, policy, bounds), callsOf: callsBy(production) };
}

/** Everything that can happen next. */
export function eventsFrom(world: World, explored: Explored): Event[] {
  const { bounds, lives } = explored;
  return [
    { name: 'tick', world: tick(world, lives) },
    ...invocationsFrom(world, explored),
    ...world.invocations.flatMap((_, index) => nextCalls(world, index, explored)),
    ...restarts(world),
    ...silences(world),
    ...(bounds.reports ? reports(world) : []),
    ...forgeries(world),
    ...manualChanges(world),
    ...(world.left.windows > 0
      ? [
          {
            name: world.windowOpen ? 'the window closes' : 'the window opens',
            world: { ...spend(world, 'windows'), windowOpen: !world.windowOpen },
          },
        ]
      : []),
    ...(world.left.configs > 0
      ? [
          {
            name: 'the configuration allows another longest token',
            world: configure(spend(world, 'configs'), otherLength(world, bounds.lengths)),
          },
        ]
      : []),
  ];
}

function otherLength({ longestToken }: World, [first, other]: Bounds['lengths'] = [1, 1]): number {
  return longestToken === first ? other : first;
}

const BUDGET_OF = { start: 'starts', abort: 'aborts', emergency: 'emergencies' } as const;

function invocationsFrom(world: World, explored: Explored): Event[] {
  if (world.invocations.length === CONCURRENT) return [];
  const events = invoke(world, undefined, explored);
  for (const command of ['start', 'abort', 'emergency'] as const) {
    const budget = BUDGET_OF[command];
    if (world.left[budget] > 0) events.push(...invoke(spend(world, budget), command, explored));
  }
  return events;
}

/** What is planned, and what was seen of the nodes by then. */
type Decide = (
  labels: Labels,
  marks: Marks,
  created: World['created'],
  nodes: World['nodes'],
  seen: World['seen'],
  longestToken: number,
  windowOpen: boolean,
  command: Command | undefined,
) => { readonly step: Step; readonly reason: Plan['reason']; readonly seen: World['seen'] };

function decideBy(
  production: Production,
  configured: Policy,
  { remembers = false, reports }: Bounds,
): Decide {
  const { plan } = production;
  return memo((labels, marks, created, nodes, seen, longestToken, windowOpen, command) => {
    const policy: Policy = { ...configured, longestToken, ...(!windowOpen && { window: CLOSED }) };
    const state = stateFrom(labels, marks, created);
    const fresh = () => freshLook(state, nodes, production, policy, reports === true);
    let known: RotationState = {
      ...state,
      look: remembers ? lookFrom(seen, false) : fresh(),
      ...(command && { command }),
    };
    let planned = plan(known, policy, NOW);
    let seenNow = seen;
    if (planned.step.kind === 'look') {
      const look = fresh();
      known = { ...known, look };
      seenNow = part({ wanted: look.wanted, holds: look.nodes.map(({ holds }) => holds.join(' ')), age: 0 });
      planned = plan(known, policy, NOW);
    }
    if (planned.step.kind === 'probe') {
      const { version } = planned.step;
      const turnedAway = nodes.some(({ accepts }) => !accepts.split(' ').includes(version));
      const probe = turnedAway
        ? ({ accepted: false, problem: 'no' } as const)
        : ({ accepted: true } as const);
      planned = plan({ ...known, probe }, policy, NOW);
    }
    return { step: part(planned.step), reason: planned.reason, seen: seenNow };
  });
}

/** A delivery of the event: it observes and plans at once, its calls come later, or never. */
function invoke(before: World, command: Command | undefined, { decide }: Explored): Event[] {
  const { labels, marks, created, nodes, longestToken, windowOpen } = before;
  const planned = decide(labels, marks, created, nodes, before.seen, longestToken, windowOpen, command);
  const { step, seen } = planned;
  const world = seen === before.seen ? before : { ...before, seen };
  const name = planName(command, step);
  const broken = brokenRule(world, planned, command);
  if (broken !== undefined) return [{ name, world, broken }];
  if (step.kind === 'wait' || step.kind === 'refuse' || step.kind === 'look' || step.kind === 'probe')
    return world === before ? [] : [{ name, world: settle(world) }];
  const makes = step.kind === 'announce' ? world.newest + 1 : step.kind === 'replace' ? world.newest : 0;
  return [{ name, world: settle({ ...world, invocations: begun(world.invocations, step, makes) }) }];
}

const planName = memo(
  (command: Command | undefined, step: Step) => `${command ?? 'advance'} plans ${describe(step)}`,
);

const begun = memo((invocations: World['invocations'], step: Step, makes: number) =>
  invocationsOf([...invocations, { step, done: 0, age: 0, makes }]),
);

/** Rules of a plan that show in no refused connection, or only much later. */
function brokenRule(
  { labels, leaked, windowOpen }: World,
  { step, reason }: Pick<Plan, 'step' | 'reason'>,
  command: Command | undefined,
): string | undefined {
  const begins = reason === 'twins_complete' || reason === 'hand_change_known';
  if (begins && !windowOpen) return 'a push begins while the window is closed';
  const { current, pending, previous } = labels;
  const isLeaked = (version: number) => version !== 0 && version <= leaked;
  const isRecord = step.kind === 'mark' || step.kind === 'unmark';
  if (
    (isLeaked(previous) || isLeaked(pending)) &&
    current === EMERGENCY &&
    command === undefined &&
    step.kind !== 'drop' &&
    !isRecord
  )
    return 'a version from before the emergency stays in the ring';
  return undefined;
}

/** The calls that a step is made of. */
type CallsOf = (step: Step, makes: number) => readonly SecretCall[];

function callsBy({ secretCalls }: Production): CallsOf {
  return memo((step, makes) => secretCalls(step, NOW, String(step.kind === 'replace' ? EMERGENCY : makes)));
}

/** The next call of an invocation that is under way. */
function nextCalls(world: World, index: number, { callsOf, bounds }: Explored): Event[] {
  const invocation = world.invocations[index] as Invocation;
  const { step, done, makes } = invocation;
  const name = callName(step, done);
  const go = (after: World, total: number): Event => ({
    name,
    world: settle({ ...after, invocations: continued(after.invocations, index, total) }),
  });
  // Nodes that report are told nothing.
  if (step.kind === 'push') return bounds.reports ? [go(world, 0)] : pushes(world, invocation, go);
  const calls = callsOf(step, makes);
  const call = calls[done];
  if (call === undefined) return [];
  const after = makeCall(world, call, invocation);
  const isBack = call.call === 'move' && call.label !== 'AWSPREVIOUS' && Number(call.to ?? 0) > 0;
  // A lost compare-and-swap ends the step, and so does a version that is there already.
  if (after === undefined) return [go(world, 0)];
  const returns = isBack && Number(call.to) <= world.leaked;
  return [{ ...go(after, calls.length), ...(returns && { broken: `version ${call.to} comes back` }) }];
}

const callName = memo((step: Step, done: number) => `call ${done + 1} of ${describe(step)}`);

/** The invocations after one of them has made a call of so many. */
const continued = memo((invocations: World['invocations'], index: number, total: number) =>
  invocationsOf(
    invocations.flatMap((one, at) =>
      at !== index ? [one] : one.done + 1 < total ? [{ ...one, done: one.done + 1 }] : [],
    ),
  ),
);

function makeCall(world: World, call: SecretCall, { age, makes }: Invocation): World | undefined {
  const { labels } = world;
  switch (call.call) {
    case 'tag':
      return { ...world, marks: withMark(world.marks, call.mark, Number(call.version), age) };
    case 'untag':
      return { ...world, marks: withoutMark(world.marks, call.mark) };
    case 'put': {
      const version = Number(call.version);
      // Creation with a token that follows from the state: the second of two deliveries changes nothing.
      const isThere = version === EMERGENCY ? world.cut > 0 : version <= world.newest;
      if (isThere) return undefined;
      const made = { ...world, created: withVersion(world.created, version) };
      if (version !== EMERGENCY) {
        return { ...made, labels: relabelled(labels, 'pending', version), newest: version };
      }
      const replaced = { ...labels, current: version, previous: labels.current, servers: version };
      return { ...made, labels: part(replaced), cut: world.newest, leaked: makes };
    }
    case 'move': {
      const role = roleOf[call.label];
      if (labels[role] !== Number(call.from ?? 0)) return undefined;
      return { ...world, labels: relabelled(labels, role, Number(call.to ?? 0)) };
    }
  }
}

const roleOf = {
  AWSCURRENT: 'current',
  AWSPENDING: 'pending',
  AWSPREVIOUS: 'previous',
  STREAMPASS_SERVERS: 'servers',
} as const;

/** One label on another version; AWS moves the one of the previous version along with the current one. */
const relabelled = memo((labels: Labels, role: keyof Labels, version: number): Labels =>
  part({ ...labels, [role]: version, ...(role === 'current' && { previous: labels.current }) }),
);

const withVersion = memo((created: World['created'], version: number) => part({ ...created, [version]: 0 }));

const withMark = memo((marks: Marks, name: MarkName, version: number, age: number) =>
  part({ ...marks, [name]: { version, age } }),
);

const withoutMark = memo((marks: Marks, name: MarkName): Marks => {
  const { [name]: _gone, ...others } = marks;
  return part(others);
});

function pushes(
  world: World,
  { step, done }: Invocation,
  go: (after: World, total: number) => Event,
): Event[] {
  if (step.kind !== 'push') return [];
  const { nodes, left } = world;
  const { index, held } = pushedTo(nodes, step);
  const node = nodes[index];
  const total = step.nodes.length;
  if (node === undefined) return [go(world, total)];
  const changed = (after: World, accepts: string, failed: boolean): World => ({
    ...after,
    nodes: withNode(nodes, index, { holds: held, accepts, strayed: false, failed }),
  });
  return [
    go(changed(world, held, false), total),
    ...(left.falseReloads > 0 && done === 0
      ? [go(changed(spend(world, 'falseReloads'), node.accepts, false), total)]
      : []),
    ...(left.failures > 0 && done === 0
      ? [go(changed(spend(world, 'failures'), node.accepts, true), total)]
      : []),
  ];
}

/** Nodes are told apart only by what they hold, so the ones that lack the version stand for those of the plan. */
const pushedTo = memo((nodes: World['nodes'], step: Step & { readonly kind: 'push' }) => {
  const held = heldText(step.versions.map(Number));
  const index = nodes.findIndex(
    (node) => !node.silent && (node.holds !== held || node.accepts !== held || node.failed),
  );
  return { index, held };
});

function withNode(nodes: World['nodes'], index: number, change: Partial<Node>): World['nodes'] {
  return nodesOf(nodes.map((one, at) => (at === index ? { ...one, ...change } : one)));
}

/** A node that comes back, or comes late, with a version that it fetched up to `startUp` ago, by an answer up to `slack` old. */
function restarts(world: World): Event[] {
  if (world.left.restarts === 0) return [];
  return Object.keys(world.fetchable).flatMap((fetched) =>
    world.nodes.map((_, index) => {
      const strayed = fetched !== fetchedNow(world);
      const node = { holds: fetched, accepts: fetched, strayed, silent: false, failed: false };
      return {
        name: `a node starts with version ${fetched}`,
        world: settle({ ...spend(world, 'restarts'), nodes: withNode(world.nodes, index, node) }),
      };
    }),
  );
}

/** A node goes on taking connections although nobody can reach it, or can be reached again. */
function silences(world: World): Event[] {
  if (world.left.silences === 0) return [];
  return world.nodes.map((node, index) => ({
    name: node.silent ? 'a node can be reached again' : 'a node goes silent',
    world: settle({
      ...spend(world, 'silences'),
      // A node that can be reached again reports before anything is made of what it said.
      nodes: withNode(world.nodes, index, {
        silent: !node.silent,
        ...(node.silent && { reported: node.holds, outdated: false }),
      }),
    }),
  }));
}

/** Agents bring their servers to what they fetch, which may be as old as what a starting node fetches, and report it. */
function reports(world: World): Event[] {
  const { nodes, fetchable } = world;
  return nodes.flatMap((node, index) => {
    if (node.silent) return [];
    const follow = Object.keys(fetchable).filter((fetched) => fetched !== node.holds);
    return [
      ...follow.map((fetched) => ({
        name: `a node follows to version ${fetched}`,
        world: settle({ ...world, nodes: withNode(nodes, index, { holds: fetched, accepts: fetched }) }),
      })),
      ...(node.reported === node.holds
        ? []
        : [
            {
              name: `a node reports version ${node.holds}`,
              world: settle({
                ...world,
                nodes: withNode(nodes, index, { reported: node.holds, outdated: false }),
              }),
            },
          ]),
    ];
  });
}

/** A node reports in the name of another one, whatever is of use: it can sign with any version of the ring. */
function forgeries(world: World): Event[] {
  if (world.left.forgeries === 0) return [];
  const versions = Object.keys(world.created);
  return world.nodes.flatMap((node, index) =>
    [...versions, 'goodbye']
      .filter((forged) => forged !== node.forged)
      .map((forged) => ({
        name: `in the name of a node another one reports ${forged}`,
        world: settle({ ...spend(world, 'forgeries'), nodes: withNode(world.nodes, index, { forged }) }),
      })),
  );
}

/**
 * What an operator may do without breaking the promise himself: while the servers are meant to hold the current version
 * and none of them strayed, and no invocation is just telling them otherwise. (In other states no label at all can keep
 * both the tokens of before and those of after.)
 */
function manualChanges(world: World): Event[] {
  const { labels, left, newest, nodes, invocations, created } = world;
  const { current, pending, previous, servers } = labels;
  // Without fallback tokens no change by hand can be borne.
  if (left.manual === 0 || servers !== current || world.keys !== 'single') return [];
  if (nodes.some(({ strayed, accepts }) => strayed && accepts !== String(current))) return [];
  if (invocations.some(({ step }) => step.kind === 'retarget')) return [];
  const { aborted, promoted } = world.marks;
  if (aborted?.version === pending || aborted?.version === current) return [];
  if (previous !== 0 && promoted?.version !== current) return [];
  const change = (name: string, change: Partial<Labels>, isNew: boolean): Event => ({
    name,
    world: settle({
      ...spend(world, 'manual'),
      fetchable: part({ [String(current)]: 0 }),
      labels: part({ ...labels, ...change }),
      ...(isNew && { newest: newest + 1, created: withVersion(created, newest + 1) }),
    }),
  });
  const put = { current: newest + 1, previous: current, pending: 0 };
  return [
    change('an operator puts a new current version', put, true),
    change('an operator puts a new pending version', { pending: newest + 1 }, true),
    ...(previous !== 0
      ? [change('an operator rolls back', { current: previous, previous: current }, false)]
      : []),
    ...(pending !== 0 && pending !== current
      ? [change('an operator takes the pending label away', { pending: 0 }, false)]
      : []),
  ];
}

function stateFrom(labels: Labels, marks: Marks, created: World['created']): RotationState {
  const named = Object.entries<number>({ ...labels }).filter(([, version]) => version !== 0);
  return {
    labels: Object.fromEntries(named.map(([role, version]) => [role, String(version)])),
    versions: Object.fromEntries(Object.entries(created).map(([id, age]) => [id, { createdAt: NOW - age }])),
    marks: Object.fromEntries(
      Object.entries(marks).map(([name, { version, age }]) => [
        name,
        { version: String(version), at: NOW - age },
      ]),
    ),
  };
}

/** What can be known of the nodes now. */
function freshLook(
  state: RotationState,
  nodes: World['nodes'],
  production: Production,
  policy: Policy,
  reports: boolean,
): Look {
  const { toInput, wantedOf } = production;
  const wanted = wantedOf(toInput(state, policy, NOW, state.labels.current ?? ''));
  if (reports) {
    return {
      ...lookFrom({ wanted, holds: [], age: 0 }, true),
      ...observedBy(reportsOf(nodes, production), state, production),
    };
  }
  const holds = nodes.map(({ holds, silent, failed }) => (silent || failed ? '' : holds));
  const look = lookFrom({ wanted, holds, age: 0 }, true);
  const seen = look.nodes.map((node, index) => {
    const { silent, failed } = nodes[index] ?? { silent: false, failed: false };
    if (silent) return { ...node, problem: 'did not answer' };
    const version = wanted.required[0] ?? '';
    return failed ? { ...node, problem: 'failed', failed: { version, at: 0, times: 1 } } : node;
  });
  return { ...look, nodes: seen };
}

/** The table of reports: what is written later stands in place of the row of that name. */
function reportsOf(nodes: World['nodes'], { rowIdOf }: Production): readonly NodeRow[] {
  const rows = new Map<string, NodeRow>();
  const put = (node: string, instance: string, holds: string, seenAt: number) => {
    const id = rowIdOf({ node, instance });
    const gone = holds === 'goodbye';
    const report = { version: 1 as const, problems: [], fingerprint: fingerprintOf(secretOf(holds)) };
    rows.set(id, { id, node, iat: seenAt, seenAt, gone, report });
  };
  for (const [index, { reported, silent, outdated, forged }] of nodes.entries()) {
    put(`node ${index}`, `instance of node ${index}`, reported, silent && outdated ? NOW - SILENT : NOW);
    if (forged !== '') put(`node ${index}`, 'instance of the other one', forged, NOW);
  }
  return [...rows.values()];
}

function observedBy(rows: readonly NodeRow[], { versions }: RotationState, { observedNodes }: Production) {
  const secrets = Object.keys(versions).map((versionId) => ({ versionId, text: secretOf(versionId) }));
  return observedNodes(rows, secrets, { goneAfter: Infinity, settingsProblems: () => [], now: NOW });
}

function secretOf(version: string): string {
  return `secret ${version}`;
}

function lookFrom(seen: World['seen'], fresh: boolean): Look {
  const isInLine = seen.holds.every((holds) =>
    seen.wanted.required.every((version) => holds.split(' ').includes(version)),
  );
  return {
    at: NOW - seen.age,
    // Nodes that lack something are looked at again soon, others not for a long time.
    dueAt: !fresh && !isInLine && seen.age > 0 ? NOW : NOW + 900,
    fresh,
    wanted: seen.wanted,
    nodes: seen.holds.map((holds, index) => ({
      node: String(index),
      holds: holds === '' ? [] : holds.split(' '),
      ...(holds === '' && { problem: 'not known' }),
    })),
    complete: true,
    fruitless: 0,
    behind: 0,
  };
}

function spend(world: World, what: keyof Budget): World {
  return { ...world, left: spent(world.left, what) };
}

const spent = memo((left: Budget, what: keyof Budget) => part({ ...left, [what]: left[what] - 1 }));

function describe({ kind, ...rest }: Step): string {
  return `${kind} ${JSON.stringify(rest)}`;
}
