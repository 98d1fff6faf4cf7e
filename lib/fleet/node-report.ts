import * as v from 'valibot';
import { fingerprintOf, kidOf } from '../signing-keys/secret.ts';
import type { NodeState } from '../rotation/state.ts';
import type { ServerSecret } from '../rotation/ports.ts';

const fingerprint = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const kid = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{8}$/));

/** A failed try to bring the server to the secret that its file holds. */
const failedReload = v.object({
  fingerprint,
  /** Epoch seconds. */
  at: v.number(),
  /** In a row. */
  times: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

export const nodeReport = v.object({
  /** Of this form. */
  version: v.literal(1),
  /** Of the secret that the running server was seen to load; left out if that is not known. */
  fingerprint: v.optional(fingerprint),
  /** Of a server with a key ring: the fingerprint of each secret by its `kid`. */
  ring: v.optional(v.record(kid, fingerprint)),
  /** As `readSettings` of its kind of server reads them. */
  settings: v.optional(v.unknown()),
  /** One line each. */
  problems: v.pipe(v.array(v.pipe(v.string(), v.maxLength(300))), v.maxLength(20), v.readonly()),
  failed: v.optional(failedReload),
});

/** What a node says of itself: which secret follows from the fingerprint, so that none is ever sent. */
export type NodeReport = v.InferOutput<typeof nodeReport>;

/** The report in a command's output: its last line that is one; `undefined` if there is none. */
export function parseNodeReport(output: string): NodeReport | undefined {
  for (const line of output.split('\n').toReversed()) {
    if (!line.startsWith('{')) continue;
    try {
      const parsed = v.safeParse(nodeReport, JSON.parse(line));
      if (parsed.success) return parsed.output;
    } catch {
      // Not the report: Systems Manager puts its own lines around it.
    }
  }
  return undefined;
}

/** What a report means, given the live versions. It does not check the settings: the caller knows what they must be. */
export function nodeState(
  node: string,
  report: NodeReport,
  versions: readonly ServerSecret[],
  settingsProblems: (settings: unknown) => readonly string[],
): NodeState {
  const versionOf = (wanted: string) =>
    versions.find(({ text }) => fingerprintOf(text) === wanted)?.versionId;
  const single = report.fingerprint === undefined ? undefined : versionOf(report.fingerprint);
  const holds = report.ring ? heldInRing(report.ring, versions) : single === undefined ? [] : [single];
  const failed = report.failed && versionOf(report.failed.fingerprint);
  const problems = [
    ...report.problems,
    ...(report.fingerprint !== undefined && single === undefined ? [UNKNOWN] : []),
    ...settingsProblems(report.settings),
  ];
  return {
    node,
    holds,
    ...(problems.length > 0 && { problem: problems.join('; ') }),
    ...(report.failed &&
      failed && { failed: { version: failed, at: report.failed.at, times: report.failed.times } }),
  };
}

const UNKNOWN = 'holds a secret that is none of the live versions';

/** The versions in a key ring; a secret that is none of them is held too, under its `kid`: it has to go. */
function heldInRing(
  ring: Readonly<Record<string, string>>,
  versions: readonly ServerSecret[],
): readonly string[] {
  return Object.entries(ring).map(([kid, fingerprint]) => {
    const version = versions.find(
      ({ versionId, text }) => kidOf(versionId) === kid && fingerprintOf(text) === fingerprint,
    );
    return version?.versionId ?? kid;
  });
}
