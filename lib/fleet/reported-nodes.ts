import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { ServerSecret } from '../rotation/ports.ts';
import type { NodeState } from '../rotation/state.ts';
import { nodeReport, nodeState } from './node-report.ts';
import { REPORT_MAX_AGE } from './report-max-age.ts';

/** A node's row in the table, from its last message. */
const rowSchema = v.object({
  /** Name of the row, derived from a value that only its node knows. */
  id: v.string(),
  node: v.string(),
  /** Epoch seconds, by the node's clock: a message that is not newer is a replay. */
  iat: v.number(),
  /** Epoch seconds, by our clock. */
  seenAt: v.number(),
  gone: v.boolean(),
  report: nodeReport,
});
/** The last report of a node, as the table keeps it. */
export type NodeRow = v.InferOutput<typeof rowSchema>;

/**
 * The name of a node's row: the hash of a value that only the node knows. So nobody who reads the table can write the row,
 * and a node that reports in another one's name adds a row and changes none.
 */
export function rowIdOf({ instance }: { readonly node: string; readonly instance: string }): string {
  return createHash('sha256').update(instance).digest('hex').slice(0, 32);
}

/** What decides whether a fleet is in order. */
interface FleetRules {
  /** Seconds. */
  readonly goneAfter: number;
  readonly settingsProblems: (settings: unknown) => readonly string[];
  /** Epoch seconds. */
  readonly now: number;
}

/** Every node that exists, by the rows of the table. Without rows the size of the fleet is unknown. */
export function observedNodes(
  rows: readonly unknown[],
  versions: readonly ServerSecret[],
  rules: FleetRules,
): { readonly nodes: readonly NodeState[]; readonly problem?: string } {
  const present = presentRows(rows, rules.now, rules.goneAfter);
  if (present.length === 0) {
    const problem = 'No node has reported: start streampass-node watch beside each server.';
    return { nodes: [], problem };
  }
  return { nodes: present.map((row) => stateOf(row, versions, rules)) };
}

/** A row of the table, as far as it can be read. */
export type PresentRow = NodeRow | { readonly id: string; readonly unreadable: true };

/**
 * The rows of nodes that exist: they have not stopped, and were not silent for too long. An unreadable row counts as a node.
 */
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

/**
 * A node's name in reports and in `npm run nodes -- forget`. It is more than the host name, because two nodes may have the
 * same one.
 */
export function nameOf(row: PresentRow): string {
  return 'unreadable' in row ? row.id : `${row.node}~${row.id.slice(0, 8)}`;
}

function stateOf(
  row: PresentRow,
  versions: readonly ServerSecret[],
  { now, settingsProblems }: FleetRules,
): NodeState {
  const node = nameOf(row);
  if ('unreadable' in row) return { node, holds: [], problem: 'its report cannot be read: forget it' };
  const silentFor = now - row.seenAt;
  if (silentFor > REPORT_MAX_AGE) {
    const problem = `has not reported for ${Math.round(silentFor / 60)} min: start its agent, or forget it if it is gone`;
    return { node, holds: [], problem };
  }
  return nodeState(node, row.report, versions, settingsProblems);
}
