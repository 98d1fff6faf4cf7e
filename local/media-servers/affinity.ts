import { decodeJson, isObject } from './rules/token-text.ts';

/** Most refusals that are remembered. */
const CAPACITY = 1000;

/** The nodes to which refused clients are sent when they come back. */
export interface Affinity {
  /** The node that refused this client last, if one did. */
  readonly nodeOf: (token: string | undefined) => number | undefined;
  readonly turnedAway: (token: string | undefined, node: number) => void;
  readonly letIn: (token: string | undefined) => void;
}

/**
 * Remembers which node refused a client, as a balancer with session affinity does: the client's other token is then tried on
 * the same node. A token set is recognized by the `jti` that its tokens share. The `jti` is not verified, because it only
 * chooses a node.
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
