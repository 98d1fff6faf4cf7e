import type { KeyDistribution } from '../../../lib/media-servers/target.ts';
import type { MarkName, Wanted } from '../../../lib/rotation/state.ts';
import type { Step } from '../../../lib/rotation/step.ts';

/**
 * The world of the model, at one instant: everything that decides what happens next, dates as ages (ticks of a coarse clock)
 * so that equal situations at different times are one state. Versions are numbers, 0 is none.
 *
 * Issuers and token sets need no choices of their own. At every instant some issuer reads the ring, by an answer up to
 * `slack` old; it signs at every instant with every ring up to `keyRingMaxAge` old, and each token lives as long as it
 * may, at a server whose clock is behind by `clockSkew`. So a pair of versions is in a live token set exactly as long as
 * its youngest possible ring, then token, is; all older ones are dominated. `pairs` keeps that one age for each pair and each
 * length of token.
 */
export interface World {
  readonly keys: KeyDistribution;
  readonly current: number;
  readonly pending: number;
  readonly previous: number;
  /** `STREAMPASS_SERVERS`. */
  readonly servers: number;
  readonly marks: Readonly<Partial<Record<MarkName, { readonly version: number; readonly age: number }>>>;
  /** Age of each labelled version. */
  readonly created: Readonly<Record<number, number>>;
  readonly nodes: readonly Node[];
  /** Invocations between two of their calls. One that nothing continues has crashed. */
  readonly invocations: readonly Invocation[];
  /** `a b length` (first token, fallback, how long it lives) to the time since that was last the ring. */
  readonly pairs: Readonly<Record<string, number>>;
  /** What a starting node may have fetched, or a server's key set may be, to the time since it was the answer. */
  readonly fetchable: Readonly<Record<string, number>>;
  readonly newest: number;
  /** The longest token that the configuration allows now. */
  readonly longestToken: number;
  /** Whether servers may be restarted now. */
  readonly windowOpen: boolean;
  /** The newest version when an emergency replaced the secret: token sets of these alone die. 0 before it. */
  readonly cut: number;
  /** The newest version when the emergency was called: that one and those before it have to go. 0 before it. */
  readonly leaked: number;
  /** What the last look saw, for invocations that remember it. */
  readonly seen: { readonly wanted: Wanted; readonly holds: readonly string[]; readonly age: number };
  readonly left: Budget;
}

export interface Node {
  /** The versions in its file, in order, separated by blanks: one, or for a key ring several. */
  readonly holds: string;
  /** What it accepts: something else after a reload that did nothing. */
  readonly accepts: string;
  /** It came back with another version than it was meant to hold. */
  readonly strayed: boolean;
  /** Whether it can be asked and told. */
  readonly silent: boolean;
  /** Its last reload failed, and it was noticed. */
  readonly failed: boolean;
}

export interface Invocation {
  readonly step: Step;
  /** Calls made so far. */
  readonly done: number;
  readonly age: number;
  /** The version that the step makes. */
  readonly makes: number;
}

/** How often each kind of event may still happen. */
export interface Budget {
  readonly starts: number;
  readonly aborts: number;
  readonly restarts: number;
  /** Reloads that fail without a word. */
  readonly falseReloads: number;
  /** Reloads that fail and say so. */
  readonly failures: number;
  /** Nodes that cannot be reached any more, or can again. */
  readonly silences: number;
  /** Changes by an operator. */
  readonly manual: number;
  readonly emergencies: number;
  /** Times that the push window opens or closes. */
  readonly windows: number;
  /** Changes of the configured longest token. */
  readonly configs: number;
}

/** The clocks of the model, in ticks. */
export interface Clocks {
  readonly keyRingMaxAge: number;
  readonly longestToken: number;
  readonly clockSkew: number;
  readonly slack: number;
  readonly overlap: number;
  /** Longest time from a node's fetching its secret to its first connection. */
  readonly startUp: number;
  /** Longest life of an invocation. */
  readonly invocation: number;
  /** How long a server keeps the public keys that it fetched. */
  readonly publicKeyAge: number;
}

/** The version that the emergency makes. */
export const EMERGENCY = 100;

/** Steady: version 1 everywhere. */
export function steadyWorld(keys: World['keys'], nodes: number, clocks: Clocks, left: Budget): World {
  return settle({
    keys,
    current: 1,
    pending: 0,
    previous: 0,
    servers: 1,
    marks: { longest: { version: clocks.longestToken, age: 0 } },
    created: { 1: 0 },
    nodes: Array.from({ length: keys === 'jwks' ? 0 : nodes }, () => ({
      holds: '1',
      accepts: '1',
      strayed: false,
      silent: false,
      failed: false,
    })),
    invocations: [],
    pairs: {},
    fetchable: {},
    newest: 1,
    longestToken: clocks.longestToken,
    windowOpen: left.windows === 0,
    cut: 0,
    leaked: 0,
    seen: { wanted: { required: [], allowed: undefined }, holds: [], age: 0 },
    left,
  });
}

/** The ring as an issuer reads it: first token, then fallback; 0 for none, as ever for servers with several keys. */
function ringOf({ keys, current, pending, previous, longestToken }: World): string {
  if (keys !== 'single') return `${current} 0 ${longestToken}`;
  const fallback = pending !== 0 && pending !== current ? pending : previous !== current ? previous : 0;
  return `${current} ${fallback} ${longestToken}`;
}

/** What a node that starts now fetches: the version labelled for the servers, or the whole ring. */
export function fetchedNow({ keys, current, pending, previous, servers }: World): string {
  return keys === 'single' ? String(servers) : heldText([current, pending, previous]);
}

/** Versions as a node's file holds them. */
export function heldText(versions: readonly number[]): string {
  return [...new Set(versions.filter((version) => version !== 0))].sort((a, b) => a - b).join(' ');
}

/** The token set and the node that break the promise, if any do. */
export function rejection(world: World): string | undefined {
  // Servers that fetch public keys may hold any set that was published while they keep one.
  const serving =
    world.keys === 'jwks' ? Object.keys(world.fetchable) : world.nodes.map((node) => node.accepts);
  for (const [index, accepts] of serving.entries()) {
    const accepted = accepts.split(' ').map(Number);
    // Until an emergency has reached a node, its tokens are refused there: that is what it is for.
    if (accepted.every((version) => version <= world.cut)) continue;
    for (const pair of Object.keys(world.pairs)) {
      const [first = 0, fallback = 0] = pair.split(' ').map(Number);
      if (Math.max(first, fallback) <= world.cut) continue;
      if (!accepted.includes(first) && !accepted.includes(fallback)) {
        return `node ${index} accepts version ${accepts}, a live token set holds ${first} ${fallback}`;
      }
    }
  }
  return undefined;
}

/** The world one tick later. */
export function tick(world: World, clocks: Clocks): World {
  const { keyRingMaxAge, longestToken, clockSkew, slack, startUp, invocation, overlap, publicKeyAge } =
    clocks;
  const ringLife = slack + keyRingMaxAge + clockSkew;
  const tokenLife = ringLife + longestToken;
  // What is older than the longest wait it is compared with stays at that age, so that the states are finitely many.
  const waits = tokenLife + (world.keys === 'jwks' ? publicKeyAge : 0);
  const older = (age: number) => Math.min(age + 1, waits);
  const longestOverlap = world.keys === 'single' ? overlap : Math.max(overlap, tokenLife + slack);
  const longest: Partial<Record<MarkName, number>> = {
    announced: waits,
    longest: 0,
    confirmed: 0,
    shorter: keyRingMaxAge + tokenLife,
    emergency: keyRingMaxAge,
  };
  const fetchedLife = world.keys === 'jwks' ? slack + keyRingMaxAge + publicKeyAge : slack + startUp;
  return settle({
    ...world,
    marks: Object.fromEntries(
      Object.entries(world.marks).map(([name, { version, age }]) => [
        name,
        { version, age: Math.min(age + 1, longest[name as MarkName] ?? longestOverlap) },
      ]),
    ),
    created: mapValues(world.created, older),
    invocations: world.invocations
      .map((one) => ({ ...one, age: one.age + 1 }))
      .filter(({ age }) => age <= invocation),
    pairs: Object.fromEntries(
      Object.entries(world.pairs)
        .map(([pair, age]): [string, number] => [pair, age + 1])
        .filter(([pair, age]) => age < ringLife + Number(pair.split(' ')[2])),
    ),
    fetchable: filterValues(
      mapValues(world.fetchable, (age) => age + 1),
      (age) => age < fetchedLife,
    ),
    seen: { ...world.seen, age: Math.min(world.seen.age + 1, longestOverlap) },
  });
}

/** Marks that are about a labelled version, and mean nothing else. */
const OF_A_VERSION = new Set(['announced', 'servers', 'promoted', 'aborted', 'emergency']);

/** Notes what the labels say now, and forgets what nothing refers to. */
export function settle(world: World): World {
  const { current, pending, previous, servers } = world;
  const labelled = [current, pending, previous, servers];
  return {
    ...world,
    marks: Object.fromEntries(
      Object.entries(world.marks)
        .map(([name, mark]): [string, typeof mark] => [
          name,
          labelled.includes(mark.version) || !OF_A_VERSION.has(name) ? mark : { ...mark, age: 0 },
        ])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    created: Object.fromEntries(
      Object.entries(world.created).filter(([id]) => labelled.includes(Number(id))),
    ),
    pairs: sorted({ ...world.pairs, [ringOf(world)]: 0 }),
    fetchable: sorted({ ...world.fetchable, [fetchedNow(world)]: 0 }),
    invocations:
      world.invocations.length < 2
        ? world.invocations
        : [...world.invocations].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    nodes: [...world.nodes].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

/** The configuration with another longest token: rings that were read before sign with it too. */
export function configure(world: World, longestToken: number): World {
  const asWell = Object.entries(world.pairs).map(([pair, age]): [string, number] => {
    const [first, fallback] = pair.split(' ');
    return [`${first} ${fallback} ${longestToken}`, age];
  });
  return settle({ ...world, longestToken, pairs: { ...Object.fromEntries(asWell), ...world.pairs } });
}

function sorted(record: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function mapValues<Key extends string | number>(
  record: Readonly<Record<Key, number>>,
  change: (value: number) => number,
): Record<Key, number> {
  return Object.fromEntries(
    Object.entries<number>(record).map(([key, value]) => [key, change(value)]),
  ) as Record<Key, number>;
}

function filterValues<Key extends string | number>(
  record: Readonly<Record<Key, number>>,
  keep: (value: number) => boolean,
): Record<Key, number> {
  return Object.fromEntries(Object.entries<number>(record).filter(([, value]) => keep(value))) as Record<
    Key,
    number
  >;
}
