import * as v from 'valibot';
import { fingerprintOf, kidOf } from '../signing-keys/secret.ts';
import type { NodeState } from '../rotation/state.ts';
import type { ServerSecret } from '../rotation/ports.ts';

const fingerprint = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const kid = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{8}$/));

/** A failed reload of the secret in the server's file. */
const failedReload = v.object({
  fingerprint,
  /** Epoch seconds. */
  at: v.number(),
  /** In a row. */
  times: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

/** What a node says of its server. Nothing in it is secret: of a secret there is a fingerprint. */
export const nodeReport = v.object({
  /** Of this form. */
  version: v.literal(1),
  /** The fingerprint of the secret that the running server has loaded; left out if that is not known. */
  fingerprint: v.optional(fingerprint),
  /** For a server with a key ring: the fingerprint of each secret by its `kid`. */
  ring: v.optional(v.record(kid, fingerprint)),
  /** As `readSettings` of its kind of server reads them. */
  settings: v.optional(v.unknown()),
  /** One line each. */
  problems: v.pipe(
    v.array(v.pipe(v.string(), v.maxLength(300), v.transform(oneLine))),
    v.maxLength(20),
    v.readonly(),
  ),
  failed: v.optional(failedReload),
});

/** A node's report about itself. The fingerprint identifies the secret, so no secret is ever sent. */
export type NodeReport = v.InferOutput<typeof nodeReport>;

/** Text of a node as an operator's terminal may show it: without line breaks, and without sequences that the terminal would obey. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}

/** The report in a command's output: the last line that is a report; `undefined` if there is none. */
export function parseNodeReport(output: string): NodeReport | undefined {
  for (const line of output.split('\n').toReversed()) {
    if (!line.startsWith('{')) continue;
    try {
      const parsed = v.safeParse(nodeReport, JSON.parse(line));
      if (parsed.success) return parsed.output;
    } catch {
      // Not the report: Systems Manager adds lines of its own.
    }
  }
  return undefined;
}

/** By which a server says that it holds this version; `undefined` if that is not known. */
export function fingerprintOfVersion({ text, kms }: ServerSecret): string | undefined {
  if (kms === undefined) return fingerprintOf(text);
  return 'fingerprint' in kms ? kms.fingerprint : undefined;
}

/** What a report means, given the live versions. It does not check the settings: the caller knows what they must be. */
export function nodeState(
  node: string,
  report: NodeReport,
  versions: readonly ServerSecret[],
  settingsProblems: (settings: unknown) => readonly string[],
): NodeState {
  const versionOf = (wanted: string) =>
    versions.find((version) => fingerprintOfVersion(version) === wanted)?.versionId;
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
    ...(problems.length > 0 && { problem: oneLine(problems.join('; ')) }),
    ...(report.failed &&
      failed && { failed: { version: failed, at: report.failed.at, times: report.failed.times } }),
  };
}

const UNKNOWN = 'holds a secret that is none of the live versions';

/** The versions in a key ring. An unknown secret is listed by its `kid`, because it has to be removed. */
function heldInRing(
  ring: Readonly<Record<string, string>>,
  versions: readonly ServerSecret[],
): readonly string[] {
  return Object.entries(ring).map(([kid, fingerprint]) => {
    const version = versions.find(
      (version) => kidOf(version.versionId) === kid && fingerprintOfVersion(version) === fingerprint,
    );
    return version?.versionId ?? kid;
  });
}
