import { setTimeout as sleep } from 'node:timers/promises';
import { nodeSecrets } from '../lib/aws/node-secrets.ts';
import { FileProblem } from '../lib/fleet/file-problem.ts';
import { filesAsOwner } from '../lib/fleet/file-work.ts';
import { createNode, type Node } from '../lib/fleet/node.ts';
import type { NodeReport } from '../lib/fleet/node-report.ts';
import { namedVersions, wantedVersions, type FetchedVersions } from '../lib/fleet/node-secrets.ts';
import { createReload, type RunReload } from '../lib/fleet/reload.ts';
import type { NodeFiles } from '../lib/fleet/replace-file.ts';
import { configFile, keyRingFile } from '../lib/fleet/secret-file.ts';
import { systemNow } from '../lib/node/system.ts';
import type { ServerSecret } from '../lib/rotation/ports.ts';
import { ask } from './ask.ts';
import { createReporter } from './reporter.ts';
import type { Settings } from './settings.ts';

/** The server of this machine, which a reload brings to what its file says. */
export function nodeOf(settings: Settings, runReload: RunReload = reloadOf(settings)): Node {
  return createNode({
    file: settings.config,
    format: settings.keyring ? keyRingFile : configFile(settings.kind),
    files: agentFiles(),
    reload: settings.reload,
    runReload,
    now: systemNow,
  });
}

/** The files of this machine. The bundle is one file, so the process that works as another user runs it again. */
export function agentFiles(): NodeFiles {
  const files = filesAsOwner([process.execPath, process.argv[1] ?? '', 'file-work']);
  // Whoever reads a line of the agent sees which file it is about.
  const named =
    <Rest extends unknown[], Result>(work: (file: string, ...rest: Rest) => Promise<Result>) =>
    (file: string, ...rest: Rest): Promise<Result> =>
      work(file, ...rest).catch((error: unknown) => {
        throw error instanceof FileProblem ? new FileProblem(`${file}: ${error.message}`) : error;
      });
  return {
    read: named(files.read),
    replace: named(files.replace),
    readNote: named(files.readNote),
    writeNote: named(files.writeNote),
  };
}

/** Prints which secret the server holds. Changes nothing and fetches nothing. */
export function observe(settings: Settings): Promise<NodeReport> {
  return nodeOf(settings).observe();
}

/** Brings the server to a version, and waits until it answers again. */
export async function apply(settings: Settings, versionId: string): Promise<NodeReport> {
  const secrets = nodeSecrets(settings.secret);
  return applied(nodeOf(settings), await namedVersions(secrets, settings.keyring !== undefined, versionId));
}

/**
 * Writes the secret that the server should hold into the file, before the server starts. It tries as long as it takes, because
 * a server that starts without it would refuse users.
 */
export async function boot(settings: Settings): Promise<NodeReport> {
  const problems = ['the server is running already: apply changes its secret, boot does not'];
  if (settings.ready !== undefined && (await answers(settings.ready))) return { version: 1, problems };
  const secrets = nodeSecrets(settings.secret);
  // The server that starts after this reads the file as it is then.
  const node = nodeOf(settings, async () => ({ ok: true }));
  for (let pause = 1; ; pause = Math.min(pause * 2, 30)) {
    const wanted = await wantedVersions(secrets, settings.keyring !== undefined);
    if (wanted.ok) return booted(settings, node, wanted.versions);
    process.stderr.write(`streampass-node: ${wanted.problem}; next try in ${pause} s\n`);
    await sleep(pause * 1000);
  }
}

/** A node that reports does so before its server starts: the rotation would not wait for a node that it does not know. */
async function booted(
  settings: Settings,
  node: Node,
  versions: readonly ServerSecret[],
): Promise<NodeReport> {
  const report = await node.apply(versions);
  if (settings.report === undefined || !isHeld(report)) return report;
  const reporter = createReporter(settings, node);
  for (let pause = 1; ; pause = Math.min(pause * 2, 30)) {
    const sent = await reporter.send(report, versions);
    if (sent.ok) return report;
    process.stderr.write(`streampass-node: ${sent.problem}; next try in ${pause} s\n`);
    await sleep(pause * 1000);
  }
}

async function applied(node: Node, fetched: FetchedVersions): Promise<NodeReport> {
  return fetched.ok
    ? node.apply(fetched.versions)
    : { version: 1, problems: [fetched.problem.slice(0, 300)] };
}

function reloadOf(settings: Settings): RunReload {
  const reload = createReload(settings.reload_seconds * 1000, process.env['PATH']);
  return async (command, file) => {
    const reloaded = await reload(command, file);
    const { ready, ready_seconds: limit } = settings;
    if (!reloaded.ok || ready === undefined) return reloaded;
    for (const until = systemNow() + limit; systemNow() < until; await sleep(1000)) {
      if (await answers(ready)) return { ok: true };
    }
    return { ok: false, problem: `the server did not answer at ${ready} within ${limit} s after its reload` };
  };
}

/** Any HTTP answer will do: whether tokens are accepted is found out by a connection from outside. */
async function answers(address: string): Promise<boolean> {
  try {
    await ask(address, 3000);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is known what the server holds. */
export function isHeld({ fingerprint, ring }: NodeReport): boolean {
  return fingerprint !== undefined || ring !== undefined;
}
