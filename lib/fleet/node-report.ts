import { isJsonObject } from '../jws/compact.ts';
import { fingerprintOf, kidOf } from '../signing-keys/secret.ts';
import type { NodeState } from '../rotation/observed.ts';
import type { ServerSecret } from '../rotation/ports.ts';

/** What a node's script says at the end of its output; which version it holds follows from the fingerprint. */
export interface NodeReport {
  readonly fingerprint?: string;
  /** Of a server with a key ring: the fingerprint of each secret, by its `kid`. */
  readonly ring?: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly problem?: string;
}

/** The report in a command's output: the last line that is a JSON object; `undefined` where there is none. */
export function parseNodeReport(output: string): NodeReport | undefined {
  for (const line of output.split('\n').toReversed()) {
    if (!line.startsWith('{')) continue;
    try {
      const { fingerprint, ring, settings, problem } = JSON.parse(line) as Record<string, unknown>;
      return {
        ...(typeof fingerprint === 'string' && { fingerprint }),
        ...(isJsonObject(ring) && { ring }),
        settings:
          typeof settings === 'object' && settings !== null ? (settings as Record<string, string>) : {},
        ...(typeof problem === 'string' && { problem: problem.slice(0, 300) }),
      };
    } catch {
      // Not the report: Systems Manager puts its own lines around it.
    }
  }
  return undefined;
}

/** The versions in a key ring; a secret that is none of them is held too, under its `kid`: it has to go. */
function heldInRing(
  ring: Readonly<Record<string, unknown>>,
  versions: readonly ServerSecret[],
): readonly string[] {
  return Object.entries(ring).map(([kid, fingerprint]) => {
    const version = versions.find(
      ({ versionId, text }) => kidOf(versionId) === kid && fingerprintOf(text) === fingerprint,
    );
    return version?.versionId ?? kid;
  });
}

/** A node holds a version exactly when the fingerprint is that version's and there is no problem. */
export function nodeState(
  node: string,
  report: NodeReport,
  versions: readonly ServerSecret[],
  settingsProblems: (settings: Readonly<Record<string, string>>) => readonly string[],
): NodeState {
  if (report.problem !== undefined) return { node, holds: [], problem: report.problem };
  if (report.ring !== undefined) return { node, holds: heldInRing(report.ring, versions) };
  const holds = versions
    .filter(({ text }) => fingerprintOf(text) === report.fingerprint)
    .map(({ versionId }) => versionId);
  const problems = [
    ...(holds.length === 0 ? ['holds a secret that is none of the live versions'] : []),
    ...settingsProblems(report.settings),
  ];
  return { node, holds, ...(problems.length > 0 && { problem: problems.join('; ') }) };
}
