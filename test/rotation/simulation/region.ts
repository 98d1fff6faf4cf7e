import { mkdirSync } from 'node:fs';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../../local/secrets-manager/endpoint.ts';
import type { Chance } from './chance.ts';
import { startRotate, startToken, type RotateInstance, type TokenInstance } from './functions.ts';
import { HARDSHIPS, type HardshipCounts } from './hardships.ts';
import { operatorOf, type Operator } from './operator.ts';
import { reloadCommandIn, simulateNode, type SimulatedNode } from './servers.ts';
import { troubleOf, type Trouble } from './trouble.ts';

/** How one region is made. */
export interface RegionOptions {
  readonly name: string;
  /** Its own, for the nodes' config files. */
  readonly folder: string;
  /** Where the built functions are. */
  readonly functions: string;
  readonly chance: Chance;
  readonly nodes: number;
  readonly issuers: number;
  readonly issuer: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Lets time pass, in seconds. */
  readonly pass: (seconds: number) => void;
  /** Largest difference between two clocks, in seconds. */
  readonly clockSkew: number;
}

/** The stack of one region: its secret, its functions and its nodes, and everything that goes wrong there. */
export interface Region {
  readonly nodes: readonly SimulatedNode[];
  /** Instances of `token` that take requests. */
  issuers(): readonly TokenInstance[];
  /** What happens between two looks of the clients; takes no time by itself. */
  tick(): Promise<void>;
  /** Rotations that have ended. */
  rotations(): number;
  hardships(): HardshipCounts;
  /** The most reloads of one node in one rotation. */
  mostReloads(): number;
  close(): Promise<void>;
}

/** The configurations that deployments go back and forth between. The shorter one has a node less. */
const CONFIGURATIONS = { shorter: { ttl: 60, without: 1 }, longer: { ttl: 90, without: 0 } } as const;
type Configuration = keyof typeof CONFIGURATIONS;
const CONFIGURATION_NAMES = ['shorter', 'longer'] as const;

/** The longest time that a node needs to restart, in seconds. */
const RESTART = 8;

/** Starts a region whose first version is served. */
export async function startRegion(options: RegionOptions): Promise<Region> {
  const { chance, folder, now } = options;
  const trouble = troubleOf(chance.stream('faults'), options.pass);
  const secrets = await createSecretsManagerEndpoint({ port: 0, now, faults: () => trouble.faults() });
  const operator = operatorOf(secrets);
  operator.create();
  mkdirSync(folder);
  const nodes = Array.from({ length: options.nodes }, (_, index) =>
    simulateNode(folder, index, secrets, chance.stream(`node ${index}`), {
      restart: RESTART,
      clockSkew: options.clockSkew,
    }),
  );
  const functions = functionsOf(options, secrets, nodes);
  const issuers = {
    longer: await functions.startIssuers('longer'),
    shorter: await functions.startIssuers('shorter'),
  };
  const rotates = {
    longer: await functions.startRotates('longer'),
    shorter: await functions.startRotates('shorter'),
  };
  await rotates.longer[0]({ action: 'advance' });
  return regionOf({ options, operator, trouble, nodes, issuers, rotates, secrets });
}

type Rotates = readonly [RotateInstance, RotateInstance];

/** What starts the functions of a region, as Lambda does after a deployment. */
function functionsOf(
  { functions, name, issuer, issuers, folder }: RegionOptions,
  secrets: SecretsManagerEndpoint,
  nodes: readonly SimulatedNode[],
) {
  const reload = reloadCommandIn(folder);
  const configure = (configuration: Configuration) => {
    const { ttl, without } = CONFIGURATIONS[configuration];
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_REGION: name,
      AWS_ACCESS_KEY_ID: 'simulation',
      AWS_SECRET_ACCESS_KEY: 'simulation',
      OIDC_ISSUER: issuer,
      SIMULATED_TTL: String(ttl),
      RED5_SERVER_FILES: nodes
        .slice(0, nodes.length - without)
        .map(({ file }) => file)
        .join(':'),
      RED5_SERVER_RELOAD: reload,
    });
  };
  return {
    async startIssuers(configuration: Configuration): Promise<readonly TokenInstance[]> {
      configure(configuration);
      const started: TokenInstance[] = [];
      for (let index = 0; index < issuers; index++) {
        const token = await startToken(functions);
        // The SDK asks the environment for its endpoint at the first call.
        await token('');
        started.push(token);
      }
      return started;
    },
    async startRotates(configuration: Configuration): Promise<Rotates> {
      configure(configuration);
      const rotates = [await startRotate(functions), await startRotate(functions)] as const;
      for (const rotate of rotates) await rotate({ action: 'status' });
      return rotates;
    },
  };
}

function regionOf({
  options,
  operator,
  trouble,
  nodes,
  issuers,
  rotates,
  secrets,
}: {
  readonly options: RegionOptions;
  readonly operator: Operator;
  readonly trouble: Trouble;
  readonly nodes: readonly SimulatedNode[];
  readonly issuers: Readonly<Record<Configuration, readonly TokenInstance[]>>;
  readonly rotates: Readonly<Record<Configuration, Rotates>>;
  readonly secrets: SecretsManagerEndpoint;
}): Region {
  const { chance } = options;
  const seconds = () => options.now() / 1000;
  const counts = Object.fromEntries(Object.keys(HARDSHIPS).map((name) => [name, 0])) as HardshipCounts;
  const lastNode = nodes.at(-1)!;
  let phase = '';
  let rotations = 0;
  let mostReloads = 0;
  /** How long until a node is given back, and an invalid secret is taken back, in ticks. */
  let [unreachableFor, invalidFor] = [0, 0];
  /** Which configuration each kind of function has, and those that are still to change: not both do at once. */
  const deployed = { rotates: 'longer' as Configuration, issuers: 'longer' as Configuration };
  let toDeploy: readonly (keyof typeof deployed)[] = [];

  const anyNode = () => nodes[chance.below(nodes.length)]!;

  const deploy = () => {
    if (toDeploy.length === 0) {
      if (!chance.happens(phase === 'steady' ? 0.02 : 0.03)) return;
      if (phase !== 'steady') counts[deployed.rotates === 'longer' ? 'shorterTokens' : 'longerTokens']++;
      // A node leaves before, and joins after, what `rotate` is told.
      if (deployed.rotates === 'longer') lastNode.leave();
      toDeploy = chance.happens(0.5) ? ['rotates', 'issuers'] : ['issuers', 'rotates'];
    }
    const [part, ...others] = toDeploy;
    toDeploy = others;
    if (part === undefined) return;
    const next = CONFIGURATION_NAMES.find((name) => name !== deployed[part])!;
    deployed[part] = next;
    if (others.length === 0 && next === 'longer') lastNode.join(seconds());
  };

  /** The runs of one tick: none, one or two, and one more while a reload of theirs lasts. */
  const runs = async () => {
    const event = nextEvent(chance, phase);
    const deliveries = chance.happens(0.1) ? 0 : chance.happens(0.2) ? 2 : 1;
    if (deliveries === 0) counts.lost++;
    if (deliveries === 2) counts.doubled++;
    if (chance.happens(0.1)) trouble.crashAfter(chance.below(12));
    const isBusy = phase === 'pushing' || phase === 'aborting' || phase === 'announced';
    const slow = chance.happens(isBusy ? 0.5 : 0.1) ? anyNode() : undefined;
    slow?.setSlow(true);
    // A start or an abort that failed for a target throws, so that whoever sent it knows.
    const instances = rotates[deployed.rotates];
    const running = instances.slice(0, deliveries).map((rotate) => rotate(event));
    if (slow !== undefined && (await reloads(slow, running))) {
      // Run A's reload lasts. A backup is restored; run B writes again, and its reload fails; then A's ends.
      counts.overlapping++;
      const secret = chance.happens(0.7) ? operator.acceptedSecret(chance) : undefined;
      if (secret !== undefined && slow.restore(secret, seconds())) counts.restoredBackups++;
      slow.setFailing(chance.happens(0.5));
      running.push(instances[1]({ action: 'advance' }));
      await Promise.race([running.at(-1), pauseForReal(200)]).catch(() => undefined);
    }
    slow?.setSlow(false);
    const settled = await Promise.allSettled(running);
    if (trouble.hasKilled()) counts.killed++;
    trouble.crashAfter(undefined);
    if (chance.happens(0.5)) for (const node of nodes) node.setFailing(false);
    const reports = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const report = reports.find(({ targets }) => targets['red5']?.phase !== 'unknown')?.targets['red5'];
    if (report === undefined) return;
    if (event.action === 'abort' && report.phase === 'aborting') counts.turnedBack++;
    if (event.action === 'abort' && report.phase === 'steady') counts.aborts++;
    if (report.phase === 'steady' && phase === 'promoted') {
      rotations++;
      for (const node of nodes) mostReloads = Math.max(mostReloads, node.takeReloads());
    }
    ({ phase } = report);
  };

  const troubleAtNodes = () => {
    // One node at a time crashes; it is back long before an overlap ends.
    if (chance.happens(0.02)) {
      if (anyNode().crash(seconds())) counts.crashedNodes++;
    }
    if (unreachableFor > 0 && --unreachableFor === 0) for (const node of nodes) node.giveBack();
    if (unreachableFor === 0 && chance.happens(0.02)) {
      anyNode().hide();
      unreachableFor = 1 + chance.below(8);
      counts.unreachableNodes++;
    }
  };

  const handWork = () => {
    if (invalidFor > 0 && --invalidFor === 0) operator.takeBack();
    if (phase !== 'steady') return;
    if (chance.happens(0.15) && operator.isSettled()) {
      const isCurrent = chance.happens(0.5);
      operator.putInvalid(isCurrent ? 'AWSCURRENT' : 'AWSPENDING');
      counts.invalidSecrets++;
      if (isCurrent) invalidFor = 1 + chance.below(5);
    }
    if (invalidFor === 0 && chance.happens(0.1) && operator.isSettled()) {
      operator.put();
      counts.changesByHand++;
      phase = 'bypassed';
    }
  };

  return {
    nodes,
    issuers: () => issuers[deployed.issuers],
    async tick() {
      deploy();
      trouble.setRate(chance.happens(0.3) ? 0.25 : 0);
      await runs();
      troubleAtNodes();
      handWork();
      trouble.setRate(chance.happens(0.3) ? 0.25 : 0);
    },
    rotations: () => rotations,
    hardships: () => ({
      ...counts,
      throttled: trouble.count(),
      failedReloads: nodes.reduce((sum, node) => sum + node.failedReloads(), 0),
    }),
    mostReloads: () => mostReloads,
    close: () => secrets.close(),
  };
}

function nextEvent(chance: Chance, phase: string): { readonly action: string } {
  if (chance.happens(phase === 'steady' ? 0.3 : 0.02)) return { action: 'start' };
  if (phase === 'pushing' && chance.happens(0.2)) return { action: 'abort' };
  if (phase === 'announced' && chance.happens(0.015)) return { action: 'abort' };
  return { action: 'advance' };
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
