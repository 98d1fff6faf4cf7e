import type { ServerSecret, Servers } from '../rotation/ports.ts';
import { verifyMessage, type Refused } from './node-message.ts';
import { observedNodes, type NodeRow } from './reported-nodes.ts';

/** What every row of the table has: the name of its node, and when the node sent it, by its own clock. */
type NamedRow = Readonly<Pick<NodeRow, 'id' | 'node' | 'iat'>>;

/** Where reports are kept. Each rejects if the table cannot be asked. */
export interface NodeTable {
  /** Replaces the node's last row; false if that one is not older. `expiresAt`: epoch seconds. */
  put(target: string, row: NamedRow, expiresAt: number): Promise<boolean>;
  /** All rows of a target, of any shape. */
  list(target: string): Promise<readonly unknown[]>;
  remove(target: string, id: string): Promise<void>;
}

/** How long a node that stopped is remembered, in seconds, so that no older message brings it back. */
const GOODBYE_KEPT = 3600;

/** A node that is silent for this many seconds is gone. A target can set another time. */
export const GONE_AFTER = 24 * 3600;

/** The result of a message. */
export type Received = { readonly ok: true } | Refused;

/**
 * Keeps a node's report if it is verified. A node that knows the secret can invent other nodes, and so delay a rotation. It
 * cannot change another node's report, or report that another node stops.
 *
 * @param token attacker-controlled
 */
export async function receiveMessage(
  token: string,
  deps: {
    readonly target: string;
    readonly versions: readonly ServerSecret[];
    readonly table: NodeTable;
    readonly goneAfter: number;
    readonly now: number;
  },
): Promise<Received> {
  const { target, versions, table, goneAfter, now } = deps;
  const verified = await verifyMessage(token, target, versions, now);
  if (!verified.ok) return verified;
  const { node, iat, report, goodbye = false } = verified.message;
  const row: NodeRow = { id: verified.id, node, iat, seenAt: now, gone: goodbye, report };
  const isNew = await table.put(target, row, now + (goodbye ? GOODBYE_KEPT : goneAfter));
  return isNew ? { ok: true } : { ok: false, reason: 'message_replayed' };
}

/** Servers anywhere, whose agents pull their secret and report. */
export interface ReportedServers {
  /** Name of the target. */
  readonly target: string;
  readonly table: Pick<NodeTable, 'list'>;
  /** Seconds. */
  readonly goneAfter: number;
  readonly settingsProblems: (settings: unknown) => readonly string[];
  /** Epoch seconds. */
  readonly now: () => number;
}

/** As `Servers`. */
interface ReportedFleet {
  observe(secretArn: string, versions: readonly ServerSecret[]): ReturnType<Servers['observe']>;
  apply(): ReturnType<Servers['apply']>;
}

/** The two verbs over the table: nothing is pushed, because the agents follow the label themselves. */
export function reportedServers(fleet: ReportedServers): ReportedFleet {
  return {
    async observe(_secretArn, versions) {
      const rows = await fleet.table.list(fleet.target);
      return observedNodes(rows, versions, { ...fleet, now: fleet.now() });
    },
    apply: async () => [],
  };
}
