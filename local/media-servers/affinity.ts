import { decodeJson, isObject } from './rules/token-text.ts';

/** Most refusals that are remembered. */
const CAPACITY = 1000;

/** Where clients that were turned away are sent when they come back. */
export interface Affinity {
  /** The node that turned this client away, if it did so last. */
  readonly nodeOf: (token: string | undefined) => number | undefined;
  readonly turnedAway: (token: string | undefined, node: number) => void;
  readonly letIn: (token: string | undefined) => void;
}

/**
 * Remembers which node turned a client away, as a balancer with session affinity does: the client's other token is then
 * tried on the node that refused the first. A token set is known by the `jti` that its tokens share; it is not verified,
 * for it only chooses a node.
 */
export function rememberRefusals(): Affinity {
  const nodes = new Map<string, number>();
  return {
    nodeOf(token) {
      const id = idOf(token);
      return id === undefined ? undefined : nodes.get(id);
    },
    turnedAway(token, node) {
      const id = idOf(token);
      if (id === undefined) return;
      nodes.delete(id);
      const oldest = nodes.size >= CAPACITY ? nodes.keys().next().value : undefined;
      if (oldest !== undefined) nodes.delete(oldest);
      nodes.set(id, node);
    },
    letIn(token) {
      const id = idOf(token);
      if (id !== undefined) nodes.delete(id);
    },
  };
}

function idOf(token: string | undefined): string | undefined {
  const claims = decodeJson(token?.split('.')[1] ?? '');
  const id = isObject(claims) ? claims['jti'] : undefined;
  return typeof id === 'string' && id.length <= 256 ? id : undefined;
}
