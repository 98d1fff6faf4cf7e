import type { KeyDistribution } from '../../lib/media-servers/target.ts';
import type { FleetState, Servers } from '../../lib/rotation/ports.ts';
import type { NodeState } from '../../lib/rotation/state.ts';

/** Nodes in memory that take a while to be reloaded, one after another. */
export interface RehearsedFleet {
  readonly servers: Pick<Servers, 'observe' | 'apply'>;
  /** The versions that each node accepts, for the nodes that take connections now. */
  accepted(): readonly (readonly string[])[];
  reloads(): number;
  /** Ends every reload at once, for the time before the rehearsal. */
  settle(): void;
  /** From now on reloads are counted and faults happen. */
  begin(): void;
}

interface Node {
  readonly name: string;
  holds: readonly string[];
  /** What it holds when its reload ends. */
  next: readonly string[];
  /** When it takes connections again. */
  upAt: number;
  failures: number;
  failed: NodeState['failed'];
}

/** With faults the second node fails its first two reloads, and the third is silent for the first hour of a push. */
const FAILURES = 2;
const SILENT_SECONDS = 3600;

/** @param now epoch seconds */
export function rehearsedFleet(
  keys: KeyDistribution,
  { nodes: count, reloadSeconds, faults }: { nodes: number; reloadSeconds: number; faults: boolean },
  now: () => number,
): RehearsedFleet {
  let reloads = 0;
  let isSettled = false;
  let firstPush: number | undefined;
  const nodes: Node[] = Array.from({ length: keys === 'jwks' ? 0 : count }, (_, index) => ({
    name: `node-${index + 1}`,
    holds: [],
    next: [],
    upAt: -Infinity,
    failures: faults && index === 1 ? FAILURES : 0,
    failed: undefined,
  }));
  const catchUp = (node: Node): void => {
    if (now() >= node.upAt) node.holds = node.next;
  };
  const isSilent = (index: number): boolean =>
    faults && index === 2 && firstPush !== undefined && now() < firstPush + SILENT_SECONDS;
  const stateOf = (node: Node, index: number): NodeState => {
    catchUp(node);
    if (isSilent(index)) return { node: node.name, holds: [], problem: 'did not answer' };
    if (node.failed) return { node: node.name, holds: [], problem: 'the reload failed', failed: node.failed };
    return { node: node.name, holds: now() < node.upAt ? [] : node.holds };
  };
  return {
    servers: {
      observe: async (): Promise<FleetState> => ({ nodes: nodes.map(stateOf) }),
      async apply(_arn, versions, named, { failuresAllowed } = { failuresAllowed: 0, now: 0 }) {
        const wanted = versions.map(({ versionId }) => versionId);
        if (isSettled) firstPush ??= now();
        let [place, failures] = [0, 0];
        for (const [index, node] of nodes.entries()) {
          catchUp(node);
          const isDone = node.next.join() === wanted.join() && node.failed === undefined;
          if ((named !== 'all' && !named.includes(node.name)) || isSilent(index) || isDone) continue;
          if (failures > failuresAllowed) break;
          reloads++;
          if (isSettled && node.failures > 0) {
            node.failures--;
            failures++;
            const times = (node.failed?.times ?? 0) + 1;
            node.failed = { version: wanted[0] ?? '', at: now(), times };
            continue;
          }
          node.failed = undefined;
          node.next = wanted;
          node.upAt = now() + ++place * reloadSeconds;
        }
        return [];
      },
    },
    accepted: () =>
      nodes.flatMap((node) => {
        catchUp(node);
        // Until its turn comes it still runs with the old secret; while it is reloaded it takes no connections.
        return now() < node.upAt - reloadSeconds || now() >= node.upAt ? [node.holds] : [];
      }),
    reloads: () => reloads,
    settle() {
      for (const node of nodes) {
        node.upAt = -Infinity;
        catchUp(node);
      }
    },
    begin() {
      reloads = 0;
      isSettled = true;
    },
  };
}
