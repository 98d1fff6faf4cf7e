import type { NodeState } from '../rotation/state.ts';
import type { ServerSecret, Servers } from '../rotation/ports.ts';
import { nodeState, parseNodeReport } from './node-report.ts';
import type { RunCommand, SentCommand } from './run-command.ts';

/** Servers on instances that Systems Manager reaches. */
export interface InstanceServers {
  /** The server's kind, which names its settings on the node. */
  readonly kind: string;
  readonly tag: { readonly key: string; readonly value: string };
  readonly document: string;
  readonly commands: RunCommand;
  readonly settingsProblems: (settings: unknown) => readonly string[];
  /** Epoch seconds. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
}

/** How long one look at the nodes may take. */
const OBSERVE_SECONDS = 30;

/**
 * The two verbs over Run Command. A node is an instance id. Nothing is remembered between invocations: a command of ours
 * that is under way is found by its document and parameters. A command names a secret's ARN and a version; the node
 * fetches the value itself, and reports a fingerprint.
 */
export function instanceServers(fleet: InstanceServers): Pick<Servers, 'observe' | 'apply'> {
  const { kind, tag, document, commands, settingsProblems, now, pause } = fleet;

  const underWay = async (parameters: Readonly<Record<string, string>>): Promise<SentCommand | undefined> =>
    (await commands.executing(document)).find((command) =>
      Object.entries(parameters).every(([name, value]) => command.parameters[name]?.[0] === value),
    );

  const send = async (parameters: Readonly<Record<string, string>>, rolling: Rolling): Promise<string> =>
    commands.send({
      document,
      tag,
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
      ...rolling,
      deliverySeconds: 60,
    });

  return {
    async observe(secretArn, versions) {
      const instances = await commands.instances(tag);
      if (instances.length === 0) {
        return { nodes: [], problem: `No running instance has the tag ${tag.key}=${tag.value}.` };
      }
      const parameters = { Mode: 'observe', Kind: kind, SecretArn: secretArn };
      const recent = await underWay(parameters);
      // One that is about to end is as good as a new one; an older one may hang on a node that never answers.
      const id =
        recent !== undefined && recent.requestedAt > now() - OBSERVE_SECONDS
          ? recent.id
          : await send(parameters, EVERYWHERE_AT_ONCE);
      const answers = await answersOf(id, instances.length);
      return { nodes: instances.map((instance) => stateOf(instance, answers.get(instance), versions)) };
    },

    async apply(secretArn, [version]) {
      if (version === undefined) return [];
      const parameters = { Mode: 'apply', Kind: kind, SecretArn: secretArn, VersionId: version.versionId };
      // The whole fleet by its tag: on a node that holds the version already the script does nothing.
      if ((await underWay(parameters)) === undefined) await send(parameters, ROLLING);
      return [];
    },
  };

  /** Waits until every instance has answered, or the time for one look is over. */
  async function answersOf(id: string, expected: number): Promise<Map<string, Answer>> {
    const until = now() + OBSERVE_SECONDS;
    for (;;) {
      const invocations = await commands.invocations(id);
      const allEnded = invocations.length >= expected && invocations.every(({ ended }) => ended);
      if (allEnded || now() >= until) return new Map(invocations.map((one) => [one.instance, one]));
      await pause(1);
    }
  }

  function stateOf(
    instance: string,
    answer: Answer | undefined,
    versions: readonly ServerSecret[],
  ): NodeState {
    const report = answer?.ended === true ? parseNodeReport(answer.output) : undefined;
    if (report !== undefined) return nodeState(instance, report, versions, settingsProblems);
    const problem = `did not answer: Systems Manager says ${answer?.status ?? 'nothing of it'}`;
    return { node: instance, holds: [], problem };
  }
}

interface Answer {
  readonly ended: boolean;
  readonly status: string;
  readonly output: string;
}

interface Rolling {
  readonly maxConcurrency: string;
  readonly maxErrors: string;
}

const EVERYWHERE_AT_ONCE: Rolling = { maxConcurrency: '100%', maxErrors: '100%' };

/** A few nodes at a time, and none after the first that fails. */
const ROLLING: Rolling = { maxConcurrency: '10%', maxErrors: '0' };
