import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../../../build/bundle.ts';
import { chanceOf } from './chance.ts';
import { simulateClients, LATEST_USE, type Counts } from './clients.ts';
import { sumOf, type HardshipCounts } from './hardships.ts';
import { startProvider } from './provider.ts';
import { startRegion, type Region } from './region.ts';

/** How much is simulated. */
export interface SimulationOptions {
  readonly seed: string;
  /** Rotations to finish in each region, at least: a run also goes on until every hardship has happened. */
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
  readonly hardships: HardshipCounts;
  /** The most reloads of one node in one rotation. */
  readonly mostReloads: number;
  readonly counts: Counts;
  readonly virtualSeconds: number;
  readonly firstRejection: string | undefined;
}

/** Regions of one account: the same names in each. */
const REGIONS = ['eu-central-1', 'us-east-1'];
const TICK_SECONDS = 5;
const ROOT = join(import.meta.dirname, '../../..');

/** Builds the functions that are simulated, with the simulation's own configuration, into a folder. */
export async function buildSimulated(folder: string): Promise<void> {
  const config = join(import.meta.dirname, 'streampass.config.ts');
  await Promise.all(
    ['token', 'rotate'].map((name) =>
      bundleFunction(join(ROOT, `functions/${name}.ts`), join(folder, `${name}.mjs`), config),
    ),
  );
}

/**
 * Runs the built functions of two regions through rotations on a virtual clock, with everything of `HARDSHIPS` going on.
 * `Date.now` and the environment of this process are the simulation's while it runs.
 */
export async function simulate(options: SimulationOptions): Promise<Progress> {
  const chance = chanceOf(options.seed);
  const realNow = Date.now;
  const realEnv = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'streampass-simulation-'));
  const functions = join(folder, 'functions');
  await buildSimulated(functions);
  const began = 1_800_000_000_000;
  let clock = began;
  Date.now = () => clock;
  const provider = await startProvider('simulation');
  const timers = hastenTimers();
  const output = silenceOutput();
  const regions: Region[] = [];
  try {
    for (const name of REGIONS)
      regions.push(
        await startRegion({
          name,
          folder: join(folder, name),
          functions,
          chance: chance.stream(name),
          nodes: options.nodes,
          issuers: options.issuers,
          issuer: provider.issuer,
          now: () => clock,
          pass: (seconds) => (clock += seconds * 1000),
          clockSkew: LATEST_USE,
        }),
      );
    const clients = simulateClients(options.clients, {
      chance: chance.stream('clients'),
      provider,
      regions,
      dropFallback: options.clientsDropFallback ?? false,
      connections: options.connections ?? 1,
    });
    const progress = (): Progress => ({
      rotations: regions.reduce((sum, region) => sum + region.rotations(), 0),
      hardships: sumOf(regions.map((region) => region.hardships())),
      mostReloads: Math.max(...regions.map((region) => region.mostReloads())),
      counts: { ...clients.counts },
      virtualSeconds: (clock - began) / 1000,
      firstRejection: clients.firstRejection(),
    });
    const isOver = () =>
      regions.every((region) => region.rotations() >= options.rotations) &&
      Object.values(progress().hardships).every((times) => times > 0);
    while (!isOver() && clients.counts.rejected === 0) {
      clock += TICK_SECONDS * 1000;
      await Promise.all(regions.map((region) => region.tick()));
      for (let part = 0; part < TICK_SECONDS; part++)
        for (const { nodes } of regions) for (const node of nodes) node.live(clock / 1000 + part);
      await clients.live(clock / 1000);
      options.onProgress?.(progress());
    }
    return progress();
  } finally {
    output.restore();
    timers.restore();
    await provider.close();
    for (const region of regions) await region.close();
    rmSync(folder, { recursive: true });
    Date.now = realNow;
    process.env = realEnv;
  }
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
