import type { MarkName, Observed } from '../../../lib/rotation/observed.ts';
import type { Policy } from '../../../lib/rotation/policy.ts';
import type { LabelCall } from '../../../lib/rotation/label-calls.ts';
import type { Production } from './production.ts';
import { fetchedNow, heldText, settle, tick, type Clocks, type Invocation, type World } from './world.ts';

/** Something that can happen, and the world after it. */
export interface Event {
  readonly name: string;
  readonly world: World;
}

/** "Now" for the plan: ages are subtracted from it. */
const NOW = 1_000_000;

/** Invocations that can be between two calls at one time. */
const CONCURRENT = 2;

/** Everything that can happen next. */
export function eventsFrom(world: World, production: Production, policy: Policy, clocks: Clocks): Event[] {
  return [
    { name: 'tick', world: tick(world, clocks) },
    ...invocationsFrom(world, production, policy),
    ...world.invocations.flatMap((invocation) => nextCalls(world, invocation, production)),
    ...restarts(world),
    ...manualChanges(world),
  ];
}

function invocationsFrom(world: World, production: Production, policy: Policy): Event[] {
  if (world.invocations.length === CONCURRENT) return [];
  const { left } = world;
  return [
    ...invoke(world, undefined, production, policy),
    ...(left.starts > 0 ? invoke(spend(world, 'starts'), 'start', production, policy) : []),
    ...(left.aborts > 0 ? invoke(spend(world, 'aborts'), 'abort', production, policy) : []),
  ];
}

/** A delivery of the event: it observes and plans at once, its calls come later, or never. */
function invoke(
  world: World,
  asked: 'start' | 'abort' | undefined,
  { plan }: Production,
  policy: Policy,
): Event[] {
  const seen: Observed = { ...observedFrom(world), ...(asked && { asked }) };
  let { step } = plan(seen, policy, NOW);
  if (step.kind === 'probe') {
    const { version } = step;
    const turnedAway = world.nodes.some(({ accepts }) => !accepts.split(' ').includes(version));
    ({ step } = plan(
      { ...seen, probe: turnedAway ? { accepted: false, problem: 'no' } : { accepted: true } },
      policy,
      NOW,
    ));
  }
  if (step.kind === 'wait' || step.kind === 'refuse') return [];
  const invocation = { step, done: 0, age: 0, makes: step.kind === 'announce' ? world.newest + 1 : 0 };
  const name = `${asked ?? 'advance'} plans ${describe(invocation)}`;
  return [{ name, world: settle({ ...world, invocations: [...world.invocations, invocation] }) }];
}

/** The next call of an invocation that is under way. */
function nextCalls(world: World, invocation: Invocation, { labelCalls }: Production): Event[] {
  const { step, done } = invocation;
  const name = `call ${done + 1} of ${describe(invocation)}`;
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
  if (step.kind === 'announce') {
    return [
      go(
        done === 0
          ? withMark(world, 'announced', invocation.makes, invocation.age)
          : announce(world, invocation.makes),
        2,
      ),
    ];
  }
  const calls = labelCalls(step, NOW);
  const call = calls[done];
  if (call === undefined) return [];
  const after = makeCall(world, call, invocation.age);
  // A lost compare-and-swap ends the step.
  return [go(after ?? world, after === undefined ? 0 : calls.length)];
}

function makeCall(world: World, call: LabelCall, age: number): World | undefined {
  switch (call.call) {
    case 'tag':
      return withMark(world, call.mark, Number(call.version), age);
    case 'untag': {
      const { [call.mark]: _gone, ...marks } = world.marks;
      return { ...world, marks };
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

/** Creation with a token that follows from the state: the second of two deliveries changes nothing. */
function announce(world: World, version: number): World {
  if (version <= world.newest) return world;
  return { ...world, pending: version, newest: version, created: { ...world.created, [version]: 0 } };
}

function pushes(
  world: World,
  { step, done }: Invocation,
  go: (after: World, total: number) => Event,
): Event[] {
  if (step.kind !== 'push') return [];
  const held = heldText(step.versions.map(Number));
  // Nodes are told apart only by what they hold, so the ones that lack the version stand for those of the plan.
  const index = world.nodes.findIndex((node) => node.holds !== held || node.accepts !== held);
  const node = world.nodes[index];
  const total = step.nodes.length;
  if (node === undefined) return [go(world, total)];
  const changed = (after: World, accepts: string): World => ({
    ...after,
    nodes: after.nodes.map((one, at) => (at === index ? { holds: held, accepts, strayed: false } : one)),
  });
  return [
    go(changed(world, held), total),
    ...(world.left.falseReloads > 0 && done === 0
      ? [go(changed(spend(world, 'falseReloads'), node.accepts), total)]
      : []),
  ];
}

/** A node that comes back, or comes late, with a version that it fetched up to `startUp` ago, by an answer up to `slack` old. */
function restarts(world: World): Event[] {
  if (world.left.restarts === 0) return [];
  return Object.keys(world.fetchable).flatMap((fetched) =>
    world.nodes.map((_, index) => {
      const node = { holds: fetched, accepts: fetched, strayed: fetched !== fetchedNow(world) };
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

/**
 * What an operator may do without breaking the promise himself: while the servers are meant to hold the current version
 * and none of them strayed, and no invocation is just telling them otherwise. (In other states no label at all can keep
 * both the tokens of before and those of after.)
 */
function manualChanges(world: World): Event[] {
  const { current, pending, previous, servers, left, newest, nodes, invocations } = world;
  // Without fallback tokens no change by hand can be borne.
  if (left.manual === 0 || servers !== current || world.keys === 'keyring') return [];
  if (nodes.some(({ strayed, accepts }) => strayed && accepts !== String(current))) return [];
  if (invocations.some(({ step }) => step.kind === 'aim')) return [];
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

function observedFrom({ current, pending, previous, servers, marks, created, nodes }: World): Observed {
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
    nodes: nodes.map(({ holds }, index) => ({ node: String(index), holds: holds.split(' ') })),
  };
}

function withMark(world: World, name: MarkName, version: number, age: number): World {
  return { ...world, marks: { ...world.marks, [name]: { version, age } } };
}

function spend(world: World, what: keyof World['left']): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

function describe({ step }: Invocation): string {
  const { kind, ...rest } = step;
  return `${kind} ${JSON.stringify(rest)}`;
}
