import type { NodeState } from '../rotation/state.ts';
import type { Push, ServerSecret, Servers } from '../rotation/ports.ts';
import { nodeState, parseNodeReport } from './node-report.ts';
import type { CommandInvocation, NewCommand, RunCommand, SentCommand } from './run-command.ts';

/** Servers on instances that Systems Manager reaches. */
export interface InstanceServers {
  /** The target's name, by which a node finds its settings. */
  readonly target: string;
  readonly tag: { readonly key: string; readonly value: string };
  readonly document: string;
  readonly commands: RunCommand;
  readonly settingsProblems: (settings: unknown) => readonly string[];
  /** Epoch seconds. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
}

/** How long one run waits for the nodes' answers. */
const RUN_SECONDS = 30;
/** How long Systems Manager tries to reach an instance: the shortest time that it allows. */
const DELIVERY_SECONDS = 30;
/** A node that has not answered by then will not answer: it had time to be reached, and to run the agent. */
const LOOK_SECONDS = DELIVERY_SECONDS + 60;
/** The pause between two readings of the answers. It doubles each time. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 8;
/** More instances than this are addressed by their tag (API reference: at most 50 instance ids). */
const MOST_NAMED = 50;

/** A look that continues over several runs. */
interface Going {
  readonly id: string;
  readonly requestedAt: number;
  /** The answers of the nodes that have finished. */
  readonly answers: Map<string, CommandInvocation>;
  /** Where the next reading begins; absent at the beginning. */
  next?: string | undefined;
}

/**
 * The two verbs over Run Command. A node is an instance id. A command names a secret's ARN and a version; the node fetches
 * the
 * value itself, and reports a fingerprint. A look that does not end in one run continues in the next. Its command is
 * remembered, or found by its document and parameters. Answers that were read are not read again.
 */
export function instanceServers(fleet: InstanceServers): Pick<Servers, 'observe' | 'apply'> {
  const { target, tag, document, commands, settingsProblems, now, pause } = fleet;
  let going: Going | undefined;

  /** Unfinished commands of ours with these parameters, newest first. */
  const underWay = async (parameters: Readonly<Record<string, string>>): Promise<readonly SentCommand[]> =>
    (await commands.executing(document)).filter((command) =>
      Object.entries(parameters).every(([name, value]) => command.parameters[name]?.[0] === value),
    );

  const send = async (
    parameters: Readonly<Record<string, string>>,
    how: Pick<NewCommand, 'to' | 'maxConcurrency' | 'maxErrors'>,
  ): Promise<string> =>
    commands.send({
      document,
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
      deliverySeconds: DELIVERY_SECONDS,
      ...how,
    });

  return {
    async observe(secretArn, versions, { since } = { since: 0 }) {
      const instances = await commands.instances(tag);
      if (instances.length === 0) {
        return { nodes: [], problem: `No running instance has the tag ${tag.key}=${tag.value}.` };
      }
      const look = await lookOf({ Mode: 'observe', Target: target, SecretArn: secretArn }, since);
      going = look;
      await readAnswers(look, instances);
      const isComplete = !isOpen(look, instances);
      if (isComplete) going = undefined;
      return {
        nodes: instances.map((instance) => stateOf(instance, look, isComplete, versions)),
        at: look.requestedAt,
        complete: isComplete,
      };
    },

    async apply(secretArn, [version], nodes, { failuresAllowed }: Push = { failuresAllowed: 0, now: 0 }) {
      if (version === undefined) return [];
      const parameters = {
        Mode: 'apply',
        Target: target,
        SecretArn: secretArn,
        VersionId: version.versionId,
      };
      const isUrgent = failuresAllowed === Infinity;
      const same = await underWay(parameters);
      // In an emergency a command that stops at a failure does not count, because the secret has to reach the other nodes
      // too.
      if (same.some(({ maxErrors }) => !isUrgent || maxErrors === EVERYWHERE.maxErrors)) return [];
      const isNamed = nodes !== 'all' && nodes.length <= MOST_NAMED;
      // A command by tag also reaches nodes that hold the version already. The agent does nothing there.
      const to = isNamed ? { instances: nodes } : { tag };
      const rolling = { maxConcurrency: '10%', maxErrors: String(failuresAllowed) };
      await send(parameters, { to, ...(isUrgent ? EVERYWHERE : rolling) });
      return [];
    },
  };

  /** The look to continue, one that is under way, or a new one. */
  async function lookOf(parameters: Readonly<Record<string, string>>, since: number): Promise<Going> {
    const isRecent = ({ requestedAt }: { readonly requestedAt: number }): boolean =>
      requestedAt >= since && requestedAt > now() - 2 * LOOK_SECONDS;
    if (going !== undefined && isRecent(going)) return going;
    const found = (await underWay(parameters)).find(isRecent);
    if (found !== undefined) return { id: found.id, requestedAt: found.requestedAt, answers: new Map() };
    const requestedAt = now();
    const id = await send(parameters, { to: { tag }, ...EVERYWHERE });
    return { id, requestedAt, answers: new Map() };
  }

  /** Whether an answer may still come. */
  function isOpen(look: Going, instances: readonly string[]): boolean {
    return (
      now() < look.requestedAt + LOOK_SECONDS && instances.some((instance) => !look.answers.has(instance))
    );
  }

  /** Reads until every node has finished, or this run's time is over. The next run continues there. */
  async function readAnswers(look: Going, instances: readonly string[]): Promise<void> {
    const until = now() + RUN_SECONDS;
    for (let between = FIRST_PAUSE; ; between = Math.min(LONGEST_PAUSE, between * 2)) {
      do {
        const page = await commands.invocations(look.id, look.next);
        for (const one of page.invocations) if (one.ended) look.answers.set(one.instance, one);
        look.next = page.next;
        if (now() >= until) return;
      } while (look.next !== undefined);
      if (!isOpen(look, instances) || now() + between >= until) return;
      await pause(between);
    }
  }

  function stateOf(
    instance: string,
    look: Going,
    isComplete: boolean,
    versions: readonly ServerSecret[],
  ): NodeState {
    const answer = look.answers.get(instance);
    const report = answer === undefined ? undefined : parseNodeReport(answer.output);
    if (report !== undefined) return nodeState(instance, report, versions, settingsProblems);
    if (answer === undefined && !isComplete) return { node: instance, holds: [], unanswered: true };
    const problem = `did not answer: Systems Manager says ${answer?.status ?? 'nothing of it'}`;
    return { node: instance, holds: [], problem };
  }
}

/** To every node at once. Failures of nodes do not stop it. */
const EVERYWHERE = { maxConcurrency: '100%', maxErrors: '100%' };
