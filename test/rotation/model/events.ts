import type { Policy } from '../../../lib/rotation/policy.ts';
import type { SecretCall } from '../../../lib/rotation/secret-calls.ts';
import type { Command, Look, MarkName, RotationState } from '../../../lib/rotation/state.ts';
import type { Plan, Step } from '../../../lib/rotation/step.ts';
import type { PushWindow } from '../../../lib/rotation/window.ts';
import type { Bounds } from './explore.ts';
import type { Production } from './production.ts';
import {
  configure,
  EMERGENCY,
  fetchedNow,
  heldText,
  settle,
  tick,
  type Invocation,
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
const CLOSED: PushWindow = { days: ['Sun'], from: '00:00', to: '24:00', timeZone: 'UTC' };

/** Invocations that can be between two calls at one time. */
const CONCURRENT = 2;

/** Everything that can happen next. */
export function eventsFrom(world: World, production: Production, policy: Policy, bounds: Bounds): Event[] {
  return [
    { name: 'tick', world: tick(world, bounds.clocks) },
    ...invocationsFrom(world, production, policy, bounds),
    ...world.invocations.flatMap((invocation) => nextCalls(world, invocation, production)),
    ...restarts(world),
    ...silences(world),
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
            world: configure(spend(world, 'configs'), otherLength(world, bounds)),
          },
        ]
      : []),
  ];
}

function otherLength({ longestToken }: World, { clocks }: Bounds): number {
  return longestToken === clocks.longestToken ? clocks.longestToken - 1 : clocks.longestToken;
}

const BUDGET_OF = { start: 'starts', abort: 'aborts', emergency: 'emergencies' } as const;

function invocationsFrom(world: World, production: Production, policy: Policy, bounds: Bounds): Event[] {
  if (world.invocations.length === CONCURRENT) return [];
  const commands = (['start', 'abort', 'emergency'] as const).filter(
    (command) => world.left[BUDGET_OF[command]] > 0,
  );
  return [
    ...invoke(world, undefined, production, policy, bounds),
    ...commands.flatMap((command) =>
      invoke(spend(world, BUDGET_OF[command]), command, production, policy, bounds),
    ),
  ];
}

/** A delivery of the event: it observes and plans at once, its calls come later, or never. */
function invoke(
  before: World,
  command: Command | undefined,
  production: Production,
  configured: Policy,
  { remembers = false }: Bounds,
): Event[] {
  const { plan } = production;
  let world = before;
  const policy: Policy = {
    ...configured,
    longestToken: world.longestToken,
    ...(!world.windowOpen && { window: CLOSED }),
  };
  let seen: RotationState = {
    ...stateFrom(world),
    look: remembers ? lookFrom(world.seen, false) : freshLook(world, production, policy),
    ...(command && { command }),
  };
  let planned = plan(seen, policy, NOW);
  if (planned.step.kind === 'look') {
    const look = freshLook(world, production, policy);
    seen = { ...seen, look };
    world = {
      ...world,
      seen: { wanted: look.wanted, holds: look.nodes.map(({ holds }) => holds.join(' ')), age: 0 },
    };
    planned = plan(seen, policy, NOW);
  }
  if (planned.step.kind === 'probe') {
    const { version } = planned.step;
    const turnedAway = world.nodes.some(({ accepts }) => !accepts.split(' ').includes(version));
    const probe = turnedAway ? ({ accepted: false, problem: 'no' } as const) : ({ accepted: true } as const);
    planned = plan({ ...seen, probe }, policy, NOW);
  }
  const { step } = planned;
  const name = `${command ?? 'advance'} plans ${describe(step)}`;
  const broken = brokenRule(world, planned, command);
  if (broken !== undefined) return [{ name, world, broken }];
  if (step.kind === 'wait' || step.kind === 'refuse' || step.kind === 'look' || step.kind === 'probe')
    return world === before ? [] : [{ name, world: settle(world) }];
  const makes = step.kind === 'announce' ? world.newest + 1 : step.kind === 'replace' ? world.newest : 0;
  const invocation = { step, done: 0, age: 0, makes };
  return [{ name, world: settle({ ...world, invocations: [...world.invocations, invocation] }) }];
}

/** Rules of a plan that show in no refused connection, or only much later. */
function brokenRule(world: World, { step, reason }: Plan, command: Command | undefined): string | undefined {
  const begins = reason === 'twins_complete' || reason === 'hand_change_known';
  if (begins && !world.windowOpen) return 'a push begins while the window is closed';
  const leaked = [world.previous, world.pending].some((version) => version !== 0 && version <= world.leaked);
  const isRecord = step.kind === 'mark' || step.kind === 'unmark';
  if (leaked && world.current === EMERGENCY && command === undefined && step.kind !== 'drop' && !isRecord)
    return 'a version from before the emergency stays in the ring';
  return undefined;
}

/** The next call of an invocation that is under way. */
function nextCalls(world: World, invocation: Invocation, { secretCalls }: Production): Event[] {
  const { step, done, makes } = invocation;
  const name = `call ${done + 1} of ${describe(step)}`;
  const go = (after: World, total: number): Event => ({
    name,
    world: settle({
      ...after,
      invocations: after.invocations.flatMap((one) =>
        one !== invocation ? [one] : done + 1 < total ? [{ ...one, done: done + 1 }] : [],
      ),
    }),
  });
  if (step.kind === 'push') return pushes(world, invocation, go);
  const calls = secretCalls(step, NOW, String(step.kind === 'replace' ? EMERGENCY : makes));
  const call = calls[done];
  if (call === undefined) return [];
  const after = makeCall(world, call, invocation);
  const isBack = call.call === 'move' && call.label !== 'AWSPREVIOUS' && Number(call.to ?? 0) > 0;
  // A lost compare-and-swap ends the step, and so does a version that is there already.
  if (after === undefined) return [go(world, 0)];
  const returns = isBack && Number(call.to) <= world.leaked;
  return [{ ...go(after, calls.length), ...(returns && { broken: `version ${call.to} comes back` }) }];
}

function makeCall(world: World, call: SecretCall, { age, makes }: Invocation): World | undefined {
  switch (call.call) {
    case 'tag':
      return withMark(world, call.mark, Number(call.version), age);
    case 'untag': {
      const { [call.mark]: _gone, ...marks } = world.marks;
      return { ...world, marks };
    }
    case 'put': {
      const version = Number(call.version);
      // Creation with a token that follows from the state: the second of two deliveries changes nothing.
      const isThere = version === EMERGENCY ? world.cut > 0 : version <= world.newest;
      if (isThere) return undefined;
      const made = { ...world, created: { ...world.created, [version]: 0 } };
      if (version !== EMERGENCY) return { ...made, pending: version, newest: version };
      return {
        ...made,
        current: version,
        previous: world.current,
        servers: version,
        cut: world.newest,
        leaked: makes,
      };
    }
    case 'move': {
      const role = roleOf[call.label];
      const to = Number(call.to ?? 0);
      if (world[role] !== Number(call.from ?? 0)) return undefined;
      if (role !== 'current') return { ...world, [role]: to };
      return { ...world, current: to, previous: world.current };
    }
  }
}

const roleOf = {
  AWSCURRENT: 'current',
  AWSPENDING: 'pending',
  AWSPREVIOUS: 'previous',
  STREAMPASS_SERVERS: 'servers',
} as const;

function pushes(
  world: World,
  { step, done }: Invocation,
  go: (after: World, total: number) => Event,
): Event[] {
  if (step.kind !== 'push') return [];
  const held = heldText(step.versions.map(Number));
  // Nodes are told apart only by what they hold, so the ones that lack the version stand for those of the plan.
  const index = world.nodes.findIndex(
    (node) => !node.silent && (node.holds !== held || node.accepts !== held || node.failed),
  );
  const node = world.nodes[index];
  const total = step.nodes.length;
  if (node === undefined) return [go(world, total)];
  const changed = (after: World, accepts: string, failed: boolean): World => ({
    ...after,
    nodes: after.nodes.map((one, at) =>
      at === index ? { ...one, holds: held, accepts, strayed: false, failed } : one,
    ),
  });
  return [
    go(changed(world, held, false), total),
    ...(world.left.falseReloads > 0 && done === 0
      ? [go(changed(spend(world, 'falseReloads'), node.accepts, false), total)]
      : []),
    ...(world.left.failures > 0 && done === 0
      ? [go(changed(spend(world, 'failures'), node.accepts, true), total)]
      : []),
  ];
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
        world: settle({
          ...spend(world, 'restarts'),
          nodes: world.nodes.map((one, at) => (at === index ? node : one)),
        }),
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
      nodes: world.nodes.map((one, at) => (at === index ? { ...one, silent: !one.silent } : one)),
    }),
  }));
}

/**
 * What an operator may do without breaking the promise himself: while the servers are meant to hold the current version
 * and none of them strayed, and no invocation is just telling them otherwise. (In other states no label at all can keep
 * both the tokens of before and those of after.)
 */
function manualChanges(world: World): Event[] {
  const { current, pending, previous, servers, left, newest, nodes, invocations } = world;
  // Without fallback tokens no change by hand can be borne.
  if (left.manual === 0 || servers !== current || world.keys !== 'single') return [];
  if (nodes.some(({ strayed, accepts }) => strayed && accepts !== String(current))) return [];
  if (invocations.some(({ step }) => step.kind === 'retarget')) return [];
  const { aborted, promoted } = world.marks;
  if (aborted?.version === pending || aborted?.version === current) return [];
  if (previous !== 0 && promoted?.version !== current) return [];
  const spent: World = { ...spend(world, 'manual'), fetchable: { [String(current)]: 0 } };
  const made = newest + 1;
  const created = { ...world.created, [made]: 0 };
  return [
    {
      name: 'an operator puts a new current version',
      world: settle({ ...spent, current: made, previous: current, pending: 0, newest: made, created }),
    },
    {
      name: 'an operator puts a new pending version',
      world: settle({ ...spent, pending: made, newest: made, created }),
    },
    ...(previous !== 0
      ? [
          {
            name: 'an operator rolls back',
            world: settle({ ...spent, current: previous, previous: current }),
          },
        ]
      : []),
    ...(pending !== 0 && pending !== current
      ? [{ name: 'an operator takes the pending label away', world: settle({ ...spent, pending: 0 }) }]
      : []),
  ];
}

function stateFrom({ current, pending, previous, servers, marks, created }: World): RotationState {
  const labels = { current, pending, previous, servers };
  const named = Object.entries(labels).filter(([, version]) => version !== 0);
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
function freshLook(world: World, { toInput, wantedOf }: Production, policy: Policy): Look {
  const wanted = wantedOf(toInput(stateFrom(world), policy, NOW, String(world.current)));
  const holds = world.nodes.map(({ holds, silent, failed }) => (silent || failed ? '' : holds));
  const look = lookFrom({ wanted, holds, age: 0 }, true);
  const nodes = look.nodes.map((state, index) => {
    const { silent, failed } = world.nodes[index] ?? { silent: false, failed: false };
    if (silent) return { ...state, problem: 'did not answer' };
    const version = wanted.required[0] ?? '';
    return failed ? { ...state, problem: 'failed', failed: { version, at: 0, times: 1 } } : state;
  });
  return { ...look, nodes };
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

function withMark(world: World, name: MarkName, version: number, age: number): World {
  return { ...world, marks: { ...world.marks, [name]: { version, age } } };
}

function spend(world: World, what: keyof World['left']): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

function describe({ kind, ...rest }: Step): string {
  return `${kind} ${JSON.stringify(rest)}`;
}
