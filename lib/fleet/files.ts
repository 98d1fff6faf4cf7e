import type { ServerSecret, Servers } from '../rotation/ports.ts';
import { createNode, type NodeServer } from './node.ts';
import { nodeState, type NodeReport } from './node-report.ts';

/** Servers whose config files are on this machine, one for each node. */
export interface FileServers extends Omit<NodeServer, 'file'> {
  readonly paths: readonly string[];
  readonly settingsProblems: (settings: unknown) => readonly string[];
}

/** How many files are read at one time. */
const AT_ONCE = 32;

/** The two verbs for config files. A node's name is the path of its file. */
export function fileServers({
  paths,
  settingsProblems,
  ...server
}: FileServers): Pick<Servers, 'observe' | 'apply'> {
  const stateOf = (file: string, report: NodeReport, versions: readonly ServerSecret[]) =>
    nodeState(file, report, versions, settingsProblems);
  return {
    async observe(_secretArn, versions) {
      const nodes: ReturnType<typeof stateOf>[] = [];
      for (let at = 0; at < paths.length; at += AT_ONCE) {
        const some = paths.slice(at, at + AT_ONCE);
        const reports = await Promise.all(some.map((file) => createNode({ ...server, file }).observe()));
        nodes.push(...some.map((file, index) => stateOf(file, reports[index]!, versions)));
      }
      return { nodes };
    },

    async apply(_secretArn, versions, nodes, push) {
      const states: ReturnType<typeof stateOf>[] = [];
      const failures = () => states.filter(({ failed }) => failed !== undefined).length;
      for (const file of nodes === 'all' ? paths : nodes) {
        // One after another: a secret that stops one server must not reach the next.
        if (failures() > (push?.failuresAllowed ?? 0)) break;
        states.push(stateOf(file, await createNode({ ...server, file }).apply(versions), versions));
      }
      return states;
    },
  };
}
