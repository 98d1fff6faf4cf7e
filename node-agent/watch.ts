import { setTimeout as sleep } from 'node:timers/promises';
import { nodeSecrets } from '../lib/aws/node-secrets.ts';
import type { NodeReport } from '../lib/fleet/node-report.ts';
import { wantedVersions, type FetchedVersions } from '../lib/fleet/node-secrets.ts';
import { createReporter } from './reporter.ts';
import type { Settings } from './settings.ts';
import { nodeOf } from './verbs.ts';

/** A node holds a new version within a minute of the label's move: one turn and a reload. */
const TURN_SECONDS = 40;

/**
 * Follows the rotation until it is stopped, and reports at each turn; then says goodbye. While reports cannot be delivered,
 * it asks Secrets Manager itself at each turn, so that the server never falls behind.
 *
 * @returns the exit status
 */
export async function watch(settings: Settings): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const node = nodeOf(settings);
  const reporter = createReporter(settings, node);
  const secrets = nodeSecrets(settings.secret);
  const fetchWanted = () => wantedVersions(secrets, settings.keyring !== undefined);
  let wanted: FetchedVersions = { ok: false, problem: 'nothing was fetched yet' };
  let report: NodeReport = { version: 1, problems: [] };
  let logged = '';
  while (!stop.signal.aborted) {
    const sent = wanted.ok ? await reporter.send(report, wanted.versions) : undefined;
    const isCurrent =
      sent?.ok === true &&
      wanted.ok &&
      settings.keyring === undefined &&
      sent.servers === wanted.versions[0]?.versionId;
    if (!isCurrent) {
      const fetched = await fetchWanted();
      // What was fetched before goes on while Secrets Manager does not answer.
      if (fetched.ok || !wanted.ok) wanted = fetched;
      if (!fetched.ok) log(fetched.problem);
    }
    if (sent?.ok === false) log(sent.problem);
    const before = JSON.stringify(report);
    report = wanted.ok
      ? await node.apply(wanted.versions)
      : { version: 1, problems: [wanted.problem.slice(0, 300)] };
    log(
      `holds ${report.fingerprint ?? JSON.stringify(report.ring ?? 'nothing that is known')}; ${report.problems.join('; ') || 'no problem'}`,
    );
    // A change is reported at once.
    if (JSON.stringify(report) !== before && !stop.signal.aborted && wanted.ok) continue;
    await sleep(TURN_SECONDS * 1000 * (0.9 + Math.random() * 0.2), undefined, { signal: stop.signal }).catch(
      () => undefined,
    );
  }
  if (wanted.ok) await reporter.send(report, wanted.versions, true);
  return 0;

  /** One line each time that something changes. */
  function log(line: string): void {
    if (line !== logged) process.stdout.write(`streampass-node: ${line}\n`);
    logged = line;
  }
}
