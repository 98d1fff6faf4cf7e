import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import type { Fault } from '../../../local/secrets-manager/faults.ts';
import { chanceOf, type Chance } from './chance.ts';
import { simulateClients, LATEST_USE, type Counts } from './clients.ts';
import { startRotate, startToken } from './functions.ts';
import { startProvider } from './provider.ts';
import { RELOAD_COMMAND, simulateNode } from './servers.ts';

/** How much is simulated. */
export interface SimulationOptions {
  readonly seed: string;
  /** Rotations to finish. */
  readonly rotations: number;
  readonly clients: number;
  readonly nodes: number;
  readonly issuers: number;
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
  readonly counts: Counts;
  readonly virtualSeconds: number;
  readonly firstRejection: string | undefined;
}

const TARGETS = ['red5', 'jitsi', 'rtcstats'];
const TICK_SECONDS = 5;

/**
 * Runs the built functions through rotations on a virtual clock: throttled, dropped and half-done calls, invocations that
 * die between any two calls, doubled and missing deliveries, nodes that crash, operators that abort and change the secret.
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
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      RED5_SERVER_FILES: nodes.map(({ file }) => file).join(':'),
      RED5_SERVER_RELOAD: RELOAD_COMMAND,
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
      });
      const tally = { rotations: 0, aborts: 0, crashes: 0, manual: 0 };
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
        const settled = await Promise.allSettled(rotates.slice(0, deliveries).map((rotate) => rotate(event)));
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
        if (phase === 'steady' && chance.happens(0.1) && isSettled(secrets)) {
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
  if (chance.happens(phase === 'steady' ? 0.5 : 0.02)) return { action: 'start' };
  if ((phase === 'announced' || phase === 'pushing') && chance.happens(0.01)) return { action: 'abort' };
  return { action: 'advance' };
}

/** Whether no rotation has begun since the last report. */
function isSettled(secrets: Awaited<ReturnType<typeof createSecretsManagerEndpoint>>): boolean {
  const { output } = secrets.execute('DescribeSecret', { SecretId: 'streampass/local/red5' });
  const labels = Object.values(output?.['VersionIdsToStages'] ?? {}).flat();
  return labels.length === 2;
}

function putByHand(secrets: Awaited<ReturnType<typeof createSecretsManagerEndpoint>>, count: number): void {
  secrets.execute('PutSecretValue', {
    SecretId: 'streampass/local/red5',
    ClientRequestToken: `manual-${String(count).padStart(32, '0')}`,
    SecretString: `by-hand-${String(count).padStart(40, '0')}`,
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
