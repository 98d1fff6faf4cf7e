import { isDeepStrictEqual } from 'node:util';
import { nodesBehind } from './nodes.ts';
import type { FleetState } from './ports.ts';
import type { Look, NodeState, Wanted } from './state.ts';

/** Seconds between two looks if every server holds what it should. A look costs API calls and leaves log entries. */
export const LOOK_EVERY = 900;
/** Seconds until the next look if some servers are behind. It doubles each time that nothing changed. */
const LOOK_AGAIN = 60;
/** Runs begin a little early or late. */
const JITTER = 20;

/** A look with the time of the next one, to be remembered. @param now epoch seconds */
export function toLook(found: FleetState, wanted: Wanted, now: number, before: Look | undefined): Look {
  const { nodes, at = now, complete = true, problem } = found;
  const behind = nodesBehind(nodes, wanted).length;
  const isInLine = behind === 0 && problem === undefined;
  const comparable = before !== undefined && isDeepStrictEqual(before.wanted, wanted) ? before : undefined;
  const known = { at, fresh: true, wanted, nodes, complete, ...(problem !== undefined && { problem }) };
  if (!complete) {
    // The next look is compared with the last complete one.
    const { fruitless = 0, behind: behindBefore = Infinity } = comparable ?? {};
    return { ...known, dueAt: now, fruitless, behind: behindBefore };
  }
  const isFruitless = !isInLine && comparable !== undefined && behind >= comparable.behind;
  const fruitless = isFruitless ? comparable.fruitless + 1 : 0;
  const pause = isInLine ? LOOK_EVERY : Math.min(LOOK_EVERY, LOOK_AGAIN * 2 ** fruitless);
  return { ...known, dueAt: now + pause - JITTER, fruitless, behind };
}

/** The look that the next invocation starts from. */
export function remembered(look: Look | undefined): Look | undefined {
  return look && { ...look, fresh: false };
}

/** The look after a push, with the known results of the nodes. Nodes without a result have to be looked at. */
export function withTouched(
  before: Look | undefined,
  touched: readonly NodeState[],
  wanted: Wanted,
  now: number,
): Look {
  if (before === undefined || !isDeepStrictEqual(before.wanted, wanted))
    return { ...toLook({ nodes: touched }, wanted, now, undefined), fresh: false, dueAt: now };
  const states = new Map(touched.map((state) => [state.node, state]));
  return { ...before, nodes: before.nodes.map((state) => states.get(state.node) ?? state) };
}
