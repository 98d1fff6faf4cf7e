import { rememberRefusals } from './affinity.ts';
import type { MediaNode } from './media-node.ts';
import { rulesOf, type MediaServerKind, type SettingsOf } from './rules/index.ts';
import type { Attempt, Decision } from './rules/server-rules.ts';

/** The nodes of one target behind one address, as a load balancer keeps them. */
export interface Fleet<Kind extends MediaServerKind> {
  readonly kind: Kind;
  readonly nodes: readonly MediaNode<Kind>[];
  /** Epoch seconds: the servers' clock. */
  readonly now: () => number;
  /**
   * The node that the request names, else the one that refused this client, else the next in turn that takes connections;
   * `problem` if there is none.
   */
  readonly pick: (asked: string | null, token: string | undefined) => Picked<Kind>;
  /** Counts a decision of a node, and remembers whom it refused. */
  readonly decided: (node: MediaNode<Kind>, token: string | undefined, accepted: boolean) => void;
  /** Lets a node decide, and counts it. */
  readonly decide: (picked: PickedNode<Kind>, token: string | undefined, attempt: Attempt) => Decision;
}

/** A node with the settings it held when it was picked: a reload does not change a connection that has begun. */
export interface PickedNode<Kind extends MediaServerKind> {
  readonly ok: true;
  readonly node: MediaNode<Kind>;
  readonly settings: SettingsOf[Kind];
}

/** The node that takes a request, or the reason that none does. */
export type Picked<Kind extends MediaServerKind> =
  PickedNode<Kind> | { readonly ok: false; readonly problem: string; readonly unknown?: true };

/** Puts nodes behind one address. */
export function makeFleet<Kind extends MediaServerKind>(
  kind: Kind,
  nodes: readonly MediaNode<Kind>[],
  now: () => number,
): Fleet<Kind> {
  const rules = rulesOf(kind);
  const affinity = rememberRefusals();
  let turn = 0;

  const pickAsked = (asked: string): Picked<Kind> => {
    const node = /^\d{1,4}$/.test(asked) ? nodes[Number(asked)] : undefined;
    if (node === undefined) {
      return { ok: false, unknown: true, problem: `there is no such node: 0 to ${nodes.length - 1}` };
    }
    const settings = node.settings();
    if (settings !== undefined) return { ok: true, node, settings };
    return { ok: false, problem: `node ${node.index} takes no connections: ${node.status().state}` };
  };

  const pickNext = (token: string | undefined): Picked<Kind> => {
    const same = nodes[affinity.nodeOf(token) ?? -1];
    const sameSettings = same?.settings();
    if (same !== undefined && sameSettings !== undefined) {
      return { ok: true, node: same, settings: sameSettings };
    }
    for (let tried = 0; tried < nodes.length; tried++) {
      const node = nodes[turn % nodes.length];
      turn++;
      const settings = node?.settings();
      if (node !== undefined && settings !== undefined) return { ok: true, node, settings };
    }
    return { ok: false, problem: 'no node takes connections now' };
  };

  const decided = (node: MediaNode<Kind>, token: string | undefined, accepted: boolean): void => {
    node.count(accepted ? 'connected' : 'refused');
    if (accepted) affinity.letIn(token);
    else affinity.turnedAway(token, node.index);
  };

  return {
    kind,
    nodes,
    now,
    pick: (asked, token) => (asked === null ? pickNext(token) : pickAsked(asked)),
    decide: ({ node, settings }, token, attempt) => {
      const decision = rules.decide(token, settings, attempt, now());
      decided(node, token, decision.accepted);
      return decision;
    },
    decided,
  };
}
