import type { CommandInvocation, NewCommand, RunCommand, SentCommand } from '../../lib/fleet/run-command.ts';

/** What a simulated node does with one command. */
export interface SimulatedNode {
  readonly id: string;
  /** Whether Systems Manager reaches its agent. */
  readonly isReachable: boolean;
  /** Seconds from delivery to the end. */
  readonly seconds: number;
  /** Runs the document: what it prints, and whether its exit status is 0. Called when the command ends there. */
  run(parameters: NewCommand['parameters'], at: number): { readonly ok: boolean; readonly output: string };
}

/** The clock of a simulation, in epoch seconds. */
export interface SimulatedClock {
  now(): number;
  pass(seconds: number): void;
}

/** What was asked of Systems Manager. */
export interface CallCounts {
  /** Calls of any kind. */
  calls: number;
  commands: number;
  /** Calls that were throttled and made again. */
  throttled: number;
}

/** One page holds so many (API reference: `MaxResults` at most 50). */
const PAGE = 50;
/** Assumed of a service whose limits are not published: a call takes so long, and so many a second are let through. */
const CALL_SECONDS = 0.05;
const CALLS_A_SECOND = 10;
/** A node acknowledges a command within so many seconds; concurrency doubles each time (user guide, "Using concurrency"). */
const ACKNOWLEDGED_SECONDS = 0.5;

interface Delivery {
  readonly node: SimulatedNode;
  readonly endsAt: number;
  readonly status: 'Success' | 'Failed' | 'DeliveryTimedOut' | 'Terminated';
  readonly output: string;
}

interface Command {
  readonly sent: SentCommand;
  readonly deliveries: readonly Delivery[];
}

/**
 * Run Command for any number of nodes on a virtual clock, with the limits that AWS documents: pages of 50, one node first
 * and then ever more of them, an end after `MaxErrors` in AWS's own order, undelivered commands that time out and count as
 * no error.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-multiple.html
 */
export function simulatedRunCommand(
  nodes: () => readonly SimulatedNode[],
  clock: SimulatedClock,
): RunCommand & { readonly counts: CallCounts } {
  const commands: Command[] = [];
  const counts: CallCounts = { calls: 0, commands: 0, throttled: 0 };
  let budget = CALLS_A_SECOND;
  let refilledAt = clock.now();

  const call = (): void => {
    counts.calls++;
    clock.pass(CALL_SECONDS);
    budget = Math.min(CALLS_A_SECOND, budget + (clock.now() - refilledAt) * CALLS_A_SECOND);
    refilledAt = clock.now();
    if (budget < 1) {
      // The SDK waits and tries again.
      counts.throttled++;
      clock.pass((1 - budget) / CALLS_A_SECOND);
      budget = 1;
      refilledAt = clock.now();
    }
    budget--;
  };

  return {
    counts,
    async instances() {
      const ids = nodes().map(({ id }) => id);
      for (let page = 0; page < Math.max(1, Math.ceil(ids.length / 1000)); page++) call();
      return ids;
    },
    async executing() {
      call();
      return commands
        .filter(({ deliveries }) => deliveries.some(({ endsAt }) => endsAt > clock.now()))
        .map(({ sent }) => sent)
        .toReversed();
    },
    async send(command) {
      call();
      counts.commands++;
      const { to } = command;
      const wanted = 'tag' in to ? nodes() : nodes().filter(({ id }) => to.instances.includes(id));
      const id = String(commands.length);
      const { parameters, maxErrors } = command;
      const sent = { id, requestedAt: clock.now(), parameters, maxErrors };
      commands.push({ sent, deliveries: deliver(command, wanted, clock.now()) });
      return id;
    },
    async invocations(commandId, next = '0') {
      call();
      const deliveries = commands[Number(commandId)]?.deliveries ?? [];
      const from = Number(next);
      const after = from + PAGE;
      return {
        invocations: deliveries.slice(from, after).map((delivery) => stateOf(delivery, clock.now())),
        ...(after < deliveries.length && { next: String(after) }),
      };
    },
  };
}

function stateOf({ node, endsAt, status, output }: Delivery, now: number): CommandInvocation {
  const ended = endsAt <= now;
  return {
    instance: node.id,
    ended,
    status: ended ? status : 'InProgress',
    output: ended ? output : '',
  };
}

/** Plays a command through: who gets it when, and where it ends. */
function deliver(command: NewCommand, nodes: readonly SimulatedNode[], from: number): Delivery[] {
  const limit = limitOf(command.maxConcurrency, nodes.length);
  const errorsAllowed = limitOf(command.maxErrors, nodes.length);
  const deliveries: Delivery[] = [];
  /** When each place is free again. */
  const places: number[] = [];
  let errors = 0;
  for (const node of nodes) {
    if (errors > errorsAllowed) {
      deliveries.push({ node, endsAt: from, status: 'Terminated', output: '' });
      continue;
    }
    let begins = from;
    if (places.length < limit) {
      // One node first, then twice as many each time one acknowledges.
      begins = from + Math.ceil(Math.log2(places.length + 1)) * ACKNOWLEDGED_SECONDS;
    } else {
      places.sort((a, b) => a - b);
      begins = places.shift() ?? from;
    }
    if (!node.isReachable) {
      const endsAt = begins + command.deliverySeconds;
      places.push(endsAt);
      deliveries.push({ node, endsAt, status: 'DeliveryTimedOut', output: '' });
      continue;
    }
    const endsAt = begins + node.seconds;
    const { ok, output } = node.run(command.parameters, endsAt);
    if (!ok) errors++;
    places.push(endsAt);
    deliveries.push({ node, endsAt, status: ok ? 'Success' : 'Failed', output });
  }
  return deliveries;
}

/** `10%` or `3`, of so many. */
function limitOf(limit: string, of: number): number {
  const number = Number.parseInt(limit, 10);
  return limit.endsWith('%') ? Math.ceil((number / 100) * of) : number;
}
