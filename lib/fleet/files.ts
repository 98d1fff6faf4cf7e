import { rm, writeFile, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { NodeState } from '../rotation/observed.ts';
import type { ServerSecret, Servers } from '../rotation/ports.ts';
import type { RunReload } from './reload.ts';
import { FileProblem, readRegularFile, removeLeftovers, replaceFile, syncFolder } from './replace-file.ts';
import type { SecretFile } from './secret-file.ts';

/** Servers whose config files can be reached from here, one a node. */
export interface FileServers {
  readonly files: readonly string[];
  readonly format: SecretFile;
  /** Run after a change; `{file}` in it stands for the path. */
  readonly reload?: string | undefined;
  readonly runReload: RunReload;
}

/** Files that are read at one time. */
const AT_ONCE = 32;

const RELOAD_DUE = 'was changed, but its server has not been reloaded since';

/**
 * The two verbs for config files. A node is its path. Between a change and the end of its reload a marker stands beside
 * the file, so that a node is never taken for one that holds the new secret because its file does.
 */
export function fileServers({
  files,
  format,
  reload,
  runReload,
}: FileServers): Pick<Servers, 'observe' | 'apply'> {
  const observeNode = async (file: string, versions: readonly ServerSecret[]): Promise<NodeState> => {
    try {
      const held = format.held(await readRegularFile(file), versions);
      if (!held.ok) return { node: file, holds: [], problem: held.problem };
      if (await isReloadDue(file)) return { node: file, holds: [], problem: RELOAD_DUE };
      return {
        node: file,
        holds: held.holds,
        ...(held.problems.length > 0 && { problem: held.problems.join('; ') }),
      };
    } catch (error) {
      return { node: file, holds: [], problem: problemOf(error) };
    }
  };

  /** Resolves with why the reload failed, where it did: that must not happen to the next node as well. */
  const applyToNode = async (
    file: string,
    versions: readonly ServerSecret[],
  ): Promise<string | undefined> => {
    const bytes = await readRegularFile(file);
    const changed = format.change(bytes, versions);
    if (!changed.ok) throw new FileProblem(changed.problem);
    const wasDue = await isReloadDue(file);
    if (reload !== undefined) await noteReloadDue(file);
    try {
      if (!bytes.equals(changed.bytes)) await replaceFile(file, changed.bytes);
    } catch (error) {
      // A file that is as it was needs no reload now that it did not need before.
      if (!wasDue && bytes.equals(await readRegularFile(file))) await rm(markerOf(file), { force: true });
      throw error;
    }
    if (reload === undefined) return undefined;
    const reloaded = await runReload(reload, file);
    if (!reloaded.ok) return reloaded.problem;
    await rm(markerOf(file), { force: true });
    return undefined;
  };

  return {
    async observe(_secretArn, versions) {
      const nodes: NodeState[] = [];
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const some = files.slice(at, at + AT_ONCE);
        nodes.push(...(await Promise.all(some.map((file) => observeNode(file, versions)))));
      }
      return { nodes };
    },

    async apply(_secretArn, versions, nodes) {
      const states: NodeState[] = [];
      await removeLeftovers(nodes);
      for (const file of await failedLast(nodes)) {
        let failedReload: string | undefined;
        try {
          failedReload = await applyToNode(file, versions);
          states.push(
            failedReload === undefined
              ? await observeNode(file, versions)
              : { node: file, holds: [], problem: failedReload },
          );
        } catch (error) {
          states.push({ node: file, holds: [], problem: problemOf(error) });
        }
        // One after another: a secret that one server does not come back with must not reach the next.
        if (failedReload !== undefined) break;
      }
      return states;
    },
  };
}

function markerOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.streampass-reload`);
}

async function isReloadDue(file: string): Promise<boolean> {
  return readFile(markerOf(file)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw new FileProblem(`${basename(markerOf(file))} beside it cannot be read (${error.code})`);
    },
  );
}

async function noteReloadDue(file: string): Promise<void> {
  try {
    await writeFile(markerOf(file), '', { flush: true });
    await syncFolder(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new FileProblem(`its folder cannot be written (${code})`);
  }
}

/** Nodes whose last reload failed come last, so that they hold up no other. */
async function failedLast(nodes: readonly string[]): Promise<string[]> {
  const due = await Promise.all(nodes.map((file) => isReloadDue(file).catch(() => true)));
  return [...nodes.filter((_, index) => !due[index]), ...nodes.filter((_, index) => due[index])];
}

function problemOf(error: unknown): string {
  if (error instanceof FileProblem) return error.message;
  return error instanceof Error ? `cannot be reached (${error.name})` : 'cannot be reached';
}
