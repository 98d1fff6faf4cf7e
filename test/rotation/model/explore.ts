import { eventsFrom } from './events.ts';
import type { Production } from './production.ts';
import { rejection, steadyWorld, type Budget, type Clocks, type World } from './world.ts';

/** How much of the world is explored. */
export interface Bounds {
  /** Default `single`. */
  readonly keys?: World['keys'];
  readonly nodes: number;
  readonly budget: Budget;
  readonly clocks: Clocks;
  /** Whether there are addresses to try a token on, which then reach every node. */
  readonly probes: boolean;
  readonly maxStates?: number;
}

/** What an exploration found. */
export interface Exploration {
  readonly states: number;
  /** How the promise is broken in the fewest events, if it can be. */
  readonly broken?: { readonly how: string; readonly trace: readonly string[] };
  /** Whether some rotation was seen to end. */
  readonly retired: boolean;
}

/** Breadth first over every reachable state, or until one breaks the promise. */
export function explore(
  production: Production,
  { keys = 'single', nodes, budget, clocks, probes, maxStates = Infinity }: Bounds,
): Exploration {
  const { longestToken, ...timing } = clocks;
  const policy = production.policyOf(
    { keys, longestToken, fleet: { by: 'files', files: [], probe: probes ? ['loopback'] : [] } },
    { ...timing, keyRingRefresh: 1 },
  );
  const start = steadyWorld(keys, nodes, budget);
  const states: World[] = [start];
  const cameFrom: { readonly parent: number; readonly event: string }[] = [{ parent: -1, event: 'steady' }];
  const known = new Set([JSON.stringify(start)]);
  let retired = false;
  for (let index = 0; index < states.length; index++) {
    const world = states[index] as World;
    states[index] = start; // What was explored need not be kept.
    for (const { name, world: next } of eventsFrom(world, production, policy, clocks)) {
      const key = JSON.stringify(next);
      if (known.has(key)) continue;
      known.add(key);
      states.push(next);
      cameFrom.push({ parent: index, event: name });
      retired ||= next.current > 1 && next.previous === 0 && next.pending === 0;
      const how = rejection(next);
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
