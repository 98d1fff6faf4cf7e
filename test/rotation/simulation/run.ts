import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import type { Fault } from '../../../local/secrets-manager/faults.ts';
import { chanceOf, type Chance } from './chance.ts';
import { simulateClients, LATEST_USE, type Counts } from './clients.ts';
import { startRotate, startToken } from './functions.ts';
import { startProvider } from './provider.ts';
import { reloadCommandIn, simulateNode, type SimulatedNode } from './servers.ts';

/** How much is simulated. */
export interface SimulationOptions {
  readonly seed: string;
  /** Rotations to finish. */
  readonly rotations: number;
  readonly clients: number;
  readonly nodes: number;
  readonly issuers: number;
  /** Connections that a client may try at one time; default 1. */
  readonly connections?: number;
  /** Clients that drop the fallback token: they must be seen to be turned away. */
  readonly clientsDropFallback?: boolean;
  /** Called now and then. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly rotations: number;
  readonly aborts: number;
  readonly faults: number;
  readonly crashes: number;
  readonly manual: number;
  /** Runs that began while the reload of another one lasted. */
  readonly overlaps: number;
  /** Backups of a config file that were put back. */
  readonly restored: number;
  /** Times that a node could be neither looked at nor changed. */
  readonly hidden: number;
  /** Secrets by hand that no server can hold. */
  readonly invalid: number;
  readonly counts: Counts;
  readonly virtualSeconds: number;
  readonly firstRejection: string | undefined;
}

type Endpoint = Awaited<ReturnType<typeof createSecretsManagerEndpoint>>;

const SECRET = 'streampass/local/red5';
const TARGETS = ['red5', 'jitsi', 'rtcstats'];
const TICK_SECONDS = 5;

/**
 * Runs the built functions through rotations on a virtual clock: throttled, dropped and half-done calls, invocations that
 * die between any two calls, doubled, missing and overlapping runs, nodes that crash, cannot be reached or fail to reload,
 * config files of before that are put back, operators that abort and put secrets, some of which no server can hold.
 * `Date.now` and the environment of this process are the simulation's while it runs.
 */
export async function simulate(options: SimulationOptions): Promise<Progress> {
  const chance = chanceOf(options.seed);
  const realNow = Date.now;
  const realEnv = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'streampass-simulation-'));
  let clock = 1_800_000_000_000;
  Date.now = () => clock;
  const trouble = faultsOf(chance.stream('faults'), (seconds) => (clock += seconds * 1000));
  const secrets = await createSecretsManagerEndpoint({
    port: 0,
    now: () => clock,
    faults: () => trouble.faults(),
  });
  const provider = await startProvider('simulation');
  try {
    for (const name of TARGETS)
      secrets.execute('CreateSecret', {
        Name: `streampass/local/${name}`,
        ClientRequestToken: name.padEnd(32, '0'),
      });
    const nodes = Array.from({ length: options.nodes }, (_, index) =>
      simulateNode(folder, index, secrets, chance.stream(`node ${index}`), {
        restart: 8,
        clockSkew: LATEST_USE,
      }),
    );
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'simulation',
      AWS_SECRET_ACCESS_KEY: 'simulation',
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: 'simulation',
      STREAMPASS_PROFILE: 'demo',
      RED5_SERVER_FILES: nodes.map(({ file }) => file).join(':'),
      RED5_SERVER_RELOAD: reloadCommandIn(folder),
    });
    const timers = hastenTimers();
    const silent = silenceOutput();
    try {
      return await live();
    } finally {
      silent.restore();
      timers.restore();
    }

    async function live(): Promise<Progress> {
      const id = realNow();
      const rotates = [await startRotate(id), await startRotate(id + 1)] as const;
      await rotates[0]({ action: 'advance' });
      const issuers = await Promise.all(
        Array.from({ length: options.issuers }, (_, index) => startToken(id + index)),
      );
      const clients = simulateClients(options.clients, {
        chance: chance.stream('clients'),
        provider,
        issuers,
        nodes,
        dropFallback: options.clientsDropFallback ?? false,
        connections: options.connections ?? 1,
      });
      const tally = {
        rotations: 0,
        aborts: 0,
        crashes: 0,
        manual: 0,
        overlaps: 0,
        restored: 0,
        hidden: 0,
        invalid: 0,
      };
      /** How long until a hidden node is given back, and an invalid secret is taken back, in ticks. */
      let [hiddenFor, invalidFor] = [0, 0];
      const began = clock;
      const progress = (): Progress => ({
        ...tally,
        faults: trouble.count(),
        counts: { ...clients.counts },
        virtualSeconds: (clock - began) / 1000,
        firstRejection: clients.firstRejection(),
      });
      let phase = '';
      while (tally.rotations < options.rotations && clients.counts.rejected === 0) {
        clock += TICK_SECONDS * 1000;
        trouble.setRate(chance.happens(0.3) ? 0.25 : 0);
        const event = nextEvent(chance, phase);
        if (event.action === 'abort') tally.aborts++;
        const deliveries = chance.happens(0.1) ? 0 : chance.happens(0.2) ? 2 : 1;
        if (chance.happens(0.1)) trouble.crashAfter(chance.below(12));
        // A start or an abort that failed for a target throws, so that whoever sent it knows.
        const isBusy = phase === 'pushing' || phase === 'aborting' || phase === 'announced';
        const slow = chance.happens(isBusy ? 0.5 : 0.1) ? nodes[chance.below(nodes.length)] : undefined;
        slow?.setSlow(true);
        const running = rotates.slice(0, deliveries).map((rotate) => rotate(event));
        if (slow !== undefined && (await reloads(slow, running))) {
          // Run A's reload lasts. A backup is restored; run B writes again, and its reload fails; then A's ends.
          tally.overlaps++;
          const secret = chance.happens(0.7) ? acceptedSecret(secrets, chance) : undefined;
          if (secret !== undefined) {
            slow.restore(secret, clock / 1000);
            tally.restored++;
          }
          slow.setFailing(chance.happens(0.5));
          running.push(rotates[1]({ action: 'advance' }));
          await Promise.race([running.at(-1), pauseForReal(200)]).catch(() => undefined);
        }
        slow?.setSlow(false);
        const settled = await Promise.allSettled(running);
        if (chance.happens(0.5)) for (const node of nodes) node.setFailing(false);
        const reports = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        trouble.crashAfter(undefined);
        const report = reports.find(({ targets }) => targets['red5']?.phase !== 'unknown')?.targets['red5'];
        if (report !== undefined) {
          if (report.phase === 'steady' && phase === 'promoted') tally.rotations++;
          ({ phase } = report);
        }
        // One node at a time crashes; it is back long before an overlap ends.
        if (chance.happens(0.02)) {
          nodes[chance.below(nodes.length)]?.crash(clock / 1000);
          tally.crashes++;
        }
        if (hiddenFor > 0 && --hiddenFor === 0) for (const node of nodes) node.giveBack();
        if (hiddenFor === 0 && chance.happens(0.02)) {
          nodes[chance.below(nodes.length)]?.hide();
          hiddenFor = 1 + chance.below(8);
          tally.hidden++;
        }
        if (invalidFor > 0 && --invalidFor === 0) takeBack(secrets);
        if (phase === 'steady' && chance.happens(0.15) && isSettled(secrets)) {
          const isCurrent = chance.happens(0.5);
          putInvalid(secrets, tally.invalid++, isCurrent ? 'AWSCURRENT' : 'AWSPENDING');
          if (isCurrent) invalidFor = 1 + chance.below(5);
        }
        if (phase === 'steady' && invalidFor === 0 && chance.happens(0.1) && isSettled(secrets)) {
          putByHand(secrets, tally.manual++);
          phase = 'bypassed';
        }
        for (let part = 0; part < TICK_SECONDS; part++) {
          for (const node of nodes) node.live(clock / 1000 + part);
        }
        trouble.setRate(chance.happens(0.3) ? 0.25 : 0);
        await clients.live(clock / 1000);
        options.onProgress?.(progress());
      }
      return progress();
    }
  } finally {
    await provider.close();
    await secrets.close();
    rmSync(folder, { recursive: true });
    Date.now = realNow;
    process.env = realEnv;
  }
}

function nextEvent(chance: Chance, phase: string): { readonly action: string } {
  if (chance.happens(phase === 'steady' ? 0.3 : 0.02)) return { action: 'start' };
  if ((phase === 'announced' || phase === 'pushing') && chance.happens(0.01)) return { action: 'abort' };
  return { action: 'advance' };
}

/** Whether no rotation has begun since the last report. */
function isSettled(secrets: Endpoint): boolean {
  const { output } = secrets.execute('DescribeSecret', { SecretId: SECRET });
  const labels = Object.values(output?.['VersionIdsToStages'] ?? {}).flat();
  return labels.length === 2;
}

function putByHand(secrets: Endpoint, count: number): void {
  secrets.execute('PutSecretValue', {
    SecretId: SECRET,
    ClientRequestToken: `manual-${String(count).padStart(32, '0')}`,
    SecretString: `by-hand-${String(count).padStart(40, '0')}`,
  });
}

/** The key/value form of the console, which no server can hold. */
function putInvalid(secrets: Endpoint, count: number, label: string): void {
  secrets.execute('PutSecretValue', {
    SecretId: SECRET,
    ClientRequestToken: `invalid-${String(count).padStart(32, '0')}`,
    SecretString: JSON.stringify({ secret: 'x'.repeat(43) }),
    VersionStages: [label],
  });
}

/** The operator sees `secret_invalid`, and moves `AWSCURRENT` back to what the servers hold. */
function takeBack(secrets: Endpoint): void {
  const stages = stagesOf(secrets);
  const holder = (label: string) => Object.keys(stages).find((id) => stages[id]?.includes(label));
  const [from, to] = [holder('AWSCURRENT'), holder('STREAMPASS_SERVERS')];
  if (from === to || from?.startsWith('invalid') !== true) return;
  secrets.execute('UpdateSecretVersionStage', {
    SecretId: SECRET,
    VersionStage: 'AWSCURRENT',
    RemoveFromVersionId: from,
    MoveToVersionId: to,
  });
}

/** A secret that every live token set knows: while servers change, the one before or after; else what they hold. */
function acceptedSecret(secrets: Endpoint, chance: Chance): string | undefined {
  const stages = stagesOf(secrets);
  const holder = (label: string) => Object.keys(stages).find((id) => stages[id]?.includes(label));
  const [current, pending, previous] = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'].map(holder);
  const servers = holder('STREAMPASS_SERVERS');
  if (current === undefined || servers === undefined) return undefined;
  const other =
    servers === pending ? current : servers === current && pending === undefined ? previous : undefined;
  const VersionId = other !== undefined && chance.happens(0.7) ? other : servers;
  if (VersionId.startsWith('invalid')) return undefined;
  const { output } = secrets.execute('GetSecretValue', { SecretId: SECRET, VersionId });
  return output === undefined ? undefined : String(output['SecretString']);
}

function stagesOf(secrets: Endpoint): Readonly<Record<string, readonly string[]>> {
  const { output } = secrets.execute('DescribeSecret', { SecretId: SECRET });
  return (output?.['VersionIdsToStages'] ?? {}) as Readonly<Record<string, readonly string[]>>;
}

/** Whether a reload of this node began before the runs ended. */
async function reloads(node: SimulatedNode, running: readonly Promise<unknown>[]): Promise<boolean> {
  let isOver = false;
  void Promise.allSettled(running).then(() => (isOver = true));
  while (!isOver && !node.isAsked()) await pauseForReal(5);
  return !isOver;
}

function pauseForReal(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** What goes wrong between the functions and Secrets Manager. */
function faultsOf(chance: Chance, pass: (seconds: number) => void) {
  const kinds: readonly Fault[] = [
    'throttle',
    'internal-error',
    'fail-after-effect',
    'drop-connection',
    'drop-after-effect',
  ];
  let rate = 0;
  let count = 0;
  let callsLeft: number | undefined;
  return {
    faults(): Fault | undefined {
      if (callsLeft !== undefined && callsLeft-- <= 0) {
        // The invocation has died: nothing that it still sends arrives.
        count++;
        return 'drop-connection';
      }
      if (!chance.happens(rate)) return undefined;
      count++;
      if (chance.happens(0.2)) pass(chance.number() * 0.3);
      return kinds[chance.below(kinds.length)];
    },
    setRate: (next: number) => (rate = next),
    crashAfter: (calls: number | undefined) => (callsLeft = calls),
    count: () => count,
  };
}

/** Time passes five times as fast for what waits on real timers: the SDK before it tries again, and its time limits. */
function hastenTimers(): { restore: () => void } {
  const { setTimeout: real } = globalThis;
  const hastened = (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    real(work, ms / 5, ...args);
  globalThis.setTimeout = Object.assign(hastened, real);
  return { restore: () => (globalThis.setTimeout = real) };
}

/** The functions' log lines would drown the progress. */
function silenceOutput(): { restore: () => void } {
  const write = process.stdout.write.bind(process.stdout);
  const { log, info, warn, error } = console;
  process.stdout.write = () => true;
  Object.assign(console, { log() {}, info() {}, warn() {}, error() {} });
  return {
    restore() {
      process.stdout.write = write;
      Object.assign(console, { log, info, warn, error });
    },
  };
}
