import * as v from 'valibot';
import type { ServerSecret, Servers } from '../rotation/ports.ts';
import { nodeReport, nodeState } from './node-report.ts';
import { verifyMessage, type Refused } from './node-message.ts';

/** What the last message of a node left in the table. */
const rowSchema = v.object({
  /** Name of the row, by what only its node knows. */
  id: v.string(),
  node: v.string(),
  /** Epoch seconds, by the node's clock: a message that is not newer is a replay. */
  iat: v.number(),
  /** Epoch seconds, by our clock. */
  seenAt: v.number(),
  gone: v.boolean(),
  report: nodeReport,
});
export type NodeRow = v.InferOutput<typeof rowSchema>;

/** What every row of the table has: the name of its node, and when that said it, by its own clock. */
type NamedRow = Readonly<Pick<NodeRow, 'id' | 'node' | 'iat'>>;

/** Where reports are kept. Each rejects if the table cannot be asked. */
export interface NodeTable {
  /** Puts a row in place of the node's last one; false if that one is not older. `expiresAt`: epoch seconds. */
  put(target: string, row: NamedRow, expiresAt: number): Promise<boolean>;
  /** All rows of a target, of whatever form they are. */
  list(target: string): Promise<readonly unknown[]>;
  remove(target: string, id: string): Promise<void>;
}

/** A node reports every 40 s: one that said nothing for this long is silent, in seconds. */
const SILENT_AFTER = 180;
/** A node that said goodbye is remembered this long, so that no older message brings it back, in seconds. */
const GOODBYE_KEPT = 3600;

/** A node that said nothing for this long is gone, in seconds; a target can say otherwise. */
export const GONE_AFTER = 24 * 3600;

/** What became of a message. */
export type Received = { readonly ok: true } | Refused;

/**
 * Keeps what a node says of itself, once it is proven. A node that knows the secret of its kind can make up others, and so
 * hold a rotation up; it cannot change what another one said, or say goodbye for it.
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

/** The two verbs over the table: nothing is pushed, since the agents follow the label by themselves. */
export function reportedServers(fleet: ReportedServers): ReportedFleet {
  return {
    async observe(_secretArn, versions) {
      const rows = presentRows(await fleet.table.list(fleet.target), fleet.now(), fleet.goneAfter);
      if (rows.length === 0) {
        const problem = 'No node has reported: start streampass-node watch beside each server.';
        return { nodes: [], problem };
      }
      return { nodes: rows.map((row) => stateOf(row, versions, fleet)) };
    },
    apply: async () => [],
  };
}

/** A row of the table, as far as it can be read. */
export type PresentRow = NodeRow | { readonly id: string; readonly unreadable: true };

/** The rows of nodes that are there: neither gone nor without a word for too long. One that cannot be read is there. */
export function presentRows(rows: readonly unknown[], now: number, goneAfter: number): readonly PresentRow[] {
  return rows.flatMap((row, index): PresentRow[] => {
    const parsed = v.safeParse(rowSchema, row);
    if (!parsed.success) {
      const named = v.safeParse(v.object({ id: v.string() }), row);
      return [{ id: named.success ? named.output.id : `row ${index + 1}`, unreadable: true }];
    }
    const { gone, seenAt } = parsed.output;
    return gone || now > seenAt + goneAfter ? [] : [parsed.output];
  });
}

/** The name that a node has in reports, and by which an operator forgets it: two may have the same host name. */
export function nameOf(row: PresentRow): string {
  return 'unreadable' in row ? row.id : `${row.node}~${row.id.slice(0, 8)}`;
}

function stateOf(
  row: PresentRow,
  versions: readonly ServerSecret[],
  { now, settingsProblems }: ReportedServers,
): ReturnType<typeof nodeState> {
  const node = nameOf(row);
  if ('unreadable' in row) return { node, holds: [], problem: 'its report cannot be read: forget it' };
  const silentFor = now() - row.seenAt;
  if (silentFor > SILENT_AFTER) {
    const problem = `has not reported for ${Math.round(silentFor / 60)} min: start its agent, or forget it if it is gone`;
    return { node, holds: [], problem };
  }
  return nodeState(node, row.report, versions, settingsProblems);
}
