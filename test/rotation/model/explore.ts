import { eventsFrom, exploredOf } from './events.ts';
import type { Production } from './production.ts';
import { keyOf, livesOf, rejection, steadyWorld, type Budget, type Clocks, type World } from './world.ts';

/** How much of the world is explored. */
export interface Bounds {
  /** Default `single`. */
  readonly keys?: World['keys'];
  readonly nodes: number;
  readonly budget: Budget;
  readonly clocks: Clocks;
  /** The longest token that the configuration allows at first, and after a change of it; the clocks hold the longer of them. */
  readonly lengths?: readonly [first: number, other: number];
  /** Whether there are addresses to try a token on, which then reach every node. */
  readonly probes: boolean;
  /** Whether somebody brings secrets to the servers; default yes. */
  readonly hasFleet?: boolean;
  /** Whether the nodes follow the label and report by themselves, instead of being told and asked. */
  readonly reports?: true;
  /** Broken nodes that a promotion does not wait for; default 0. */
  readonly tolerate?: number;
  /** Whether the servers sign with their keys themselves. */
  readonly resignsTokens?: true;
  /** Whether an invocation begins with what an earlier one saw of the nodes. */
  readonly remembers?: boolean;
  /** The version that a whole rotation ends with, somewhere in the states; default 2. `Infinity`: none may end. */
  readonly reaches?: number;
  readonly maxStates?: number;
}

/** What an exploration found. */
export interface Exploration {
  readonly states: number;
  /** How the promise is broken in the fewest events, if it can be. */
  readonly broken?: { readonly how: string; readonly trace: readonly string[] };
  /** Whether a rotation was seen to end with the version that was to be reached. */
  readonly retired: boolean;
}

/** Breadth first over every reachable state, or until one breaks the promise. */
export function explore(production: Production, bounds: Bounds): Exploration {
  const {
    keys = 'single',
    nodes,
    budget,
    clocks,
    probes,
    maxStates = Infinity,
    tolerate = 0,
    reaches = 2,
  } = bounds;
  const { longestToken, publicKeyAge, ...timing } = clocks;
  const fleet = { by: 'files', files: [], probe: probes ? ['loopback'] : [] } as const;
  const { hasFleet = true, resignsTokens } = bounds;
  const target = { keys, longestToken, ...(hasFleet && { fleet }), ...(resignsTokens && { resignsTokens }) };
  const policy = {
    ...production.policyOf(target, { ...timing, keyRingRefresh: 1 }, { every: 'manual', tolerate }),
    publicKeyAge,
  };
  const explored = exploredOf(production, policy, bounds, livesOf(keys, clocks));
  const start = steadyWorld(keys, nodes, bounds.lengths?.[0] ?? longestToken, budget);
  const states: World[] = [start];
  const cameFrom: { readonly parent: number; readonly event: string }[] = [{ parent: -1, event: 'steady' }];
  const known = new Set([keyOf(start)]);
  let retired = false;
  for (let index = 0; index < states.length; index++) {
    const world = states[index] as World;
    states[index] = start; // What was explored need not be kept.
    for (const { name, world: next, broken } of eventsFrom(world, explored)) {
      const key = keyOf(next);
      if (known.has(key) && broken === undefined) continue;
      known.add(key);
      states.push(next);
      cameFrom.push({ parent: index, event: name });
      const { current, pending, previous } = next.labels;
      const isSettled = pending === 0 && (previous === 0 || resignsTokens === true);
      retired ||=
        current >= reaches && isSettled && next.nodes.every((node) => node.accepts.includes(String(current)));
      const how = broken ?? rejection(next);
      if (how !== undefined) {
        return { states: known.size, broken: { how, trace: traceTo(states.length - 1, cameFrom) }, retired };
      }
      if (known.size > maxStates) throw new Error(`more than ${maxStates} states`);
    }
  }
  return { states: known.size, retired };
}

function traceTo(index: number, cameFrom: readonly { parent: number; event: string }[]): string[] {
  const trace: string[] = [];
  for (let at = index; at > 0; at = cameFrom[at]?.parent ?? 0) trace.unshift(cameFrom[at]?.event ?? '');
  return trace;
}
