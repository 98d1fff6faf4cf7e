import { setTimeout as sleep } from 'node:timers/promises';
import { nodeSecrets } from '../lib/aws/node-secrets.ts';
import type { NodeReport } from '../lib/fleet/node-report.ts';
import { wantedVersions, type FetchedVersions } from '../lib/fleet/node-secrets.ts';
import { retryAt } from '../lib/rotation/retry-at.ts';
import { systemNow } from '../lib/node/system.ts';
import type { ServerSecret } from '../lib/rotation/ports.ts';
import { fingerprintOf } from '../lib/signing-keys/secret.ts';
import { createDenialsFollower, DENIALS_EVERY_SECONDS } from './denials.ts';
import { createReporter } from './reporter.ts';
import type { Settings } from './settings.ts';
import { agentFiles, nodeOf } from './verbs.ts';

/** What follows the rotation for one server. */
export interface Watcher {
  /** Brings the server to what it should hold, and reports; resolves with whether that changed anything. Never rejects. */
  turn(): Promise<boolean>;
  /** The versions that the server should hold; none while they are not known. */
  versions(): readonly ServerSecret[];
  /** Says that the server stops. */
  goodbye(): Promise<void>;
}

/**
 * Follows the rotation until it is stopped; then says goodbye.
 *
 * @returns the exit status
 */
export async function watch(settings: Settings, stop: AbortSignal): Promise<number> {
  const log = (line: string) => void process.stdout.write(`streampass-node: ${line}\n`);
  const watcher = createWatcher(settings, log);
  let following: Promise<void> | undefined;
  while (!stop.aborted) {
    const isChanged = await watcher.turn();
    following ??= followDenials(settings, watcher.versions, log, stop);
    // A change is reported at once.
    if (isChanged && !stop.aborted) continue;
    // Not all nodes of a fleet at the same moment.
    const pause = settings.turn_seconds * 1000 * (0.9 + Math.random() * 0.2);
    await sleep(pause, undefined, { signal: stop }).catch(() => undefined);
  }
  await watcher.goodbye();
  await following;
  return 0;
}

/** Tells the server who is denied, until it is stopped. */
async function followDenials(
  settings: Settings,
  versions: Watcher['versions'],
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<void> {
  if (settings.denied === undefined) return;
  const deps = { node: nodeOf(settings), files: agentFiles(), versions, log };
  const turn = createDenialsFollower(settings, deps);
  while (!stop.aborted) {
    await turn();
    await sleep(DENIALS_EVERY_SECONDS * 1000, undefined, { signal: stop }).catch(() => undefined);
  }
}

/**
 * One server's watcher. It learns from the answer to its report which version servers should hold; while reports cannot be
 * delivered, it asks Secrets Manager at each turn, so that the server never falls behind.
 *
 * @param log gets a line each time that something changes
 */
export function createWatcher(settings: Settings, log: (line: string) => void): Watcher {
  const isRing = settings.keyring !== undefined;
  const node = nodeOf(settings);
  const reporter = createReporter(settings, node);
  const secrets = nodeSecrets(settings.secret);
  const logged = new Map<string, string>();
  let wanted: FetchedVersions = { ok: false, problem: 'nothing was fetched yet' };
  let report: NodeReport = { version: 1, problems: [] };

  return {
    async turn() {
      const sent = wanted.ok ? await reporter.send(report, wanted.versions) : undefined;
      if (sent)
        note('report', sent.ok ? 'reports are delivered' : `reports are not delivered: ${sent.problem}`);
      const isCurrent = sent?.ok === true && wanted.ok && sent.servers === wanted.versions[0]?.versionId;
      if (!isCurrent || isRing) {
        const fetched = await wantedVersions(secrets, isRing);
        // What was fetched before goes on while Secrets Manager does not answer.
        if (fetched.ok || !wanted.ok) wanted = fetched;
        note('secret', fetched.ok ? 'Secrets Manager answers' : fetched.problem);
      }
      const before = JSON.stringify(report);
      if (!wanted.ok) report = { version: 1, problems: [wanted.problem.slice(0, 300)] };
      else
        report = isToWait(report, wanted.versions) ? await node.observe() : await node.apply(wanted.versions);
      const held = report.fingerprint ?? Object.values(report.ring ?? {}).join(' ');
      note('holds', [`holds ${held || 'nothing that is known'}`, ...report.problems].join('; '));
      return JSON.stringify(report) !== before && wanted.ok;
    },
    versions: () => (wanted.ok ? wanted.versions : []),
    async goodbye() {
      if (wanted.ok) await reporter.send(report, wanted.versions, true);
    },
  };

  function note(what: string, line: string): void {
    if (logged.get(what) !== line) log(line);
    logged.set(what, line);
  }
}

/** A server that does not come back with this secret is not reloaded at each turn: that drops its streams each time. */
function isToWait({ failed }: NodeReport, wanted: readonly ServerSecret[]): boolean {
  const isOfThis = wanted.some(({ text }) => fingerprintOf(text) === failed?.fingerprint);
  return failed !== undefined && isOfThis && systemNow() < retryAt(failed);
}
