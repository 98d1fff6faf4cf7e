import type { KeyDistribution } from '../../../lib/media-servers/target.ts';
import type { MarkName, Wanted } from '../../../lib/rotation/state.ts';
import type { Step } from '../../../lib/rotation/step.ts';
import { memo, numberOf, part } from './parts.ts';

/**
 * The world of the model, at one instant: everything that decides what happens next, dates as ages (ticks of a coarse clock)
 * so that equal situations at different times are one state. Versions are numbers, 0 is none. Whatever is an object in it is
 * a {@link part}.
 *
 * Issuers and token sets need no choices of their own. At every instant some issuer reads the ring, by an answer up to
 * `slack` old; it signs at every instant with every ring up to `keyRingMaxAge` old, and each token lives as long as it
 * may, at a server whose clock is behind by `clockSkew`. So a pair of versions is in a live token set exactly as long as
 * its youngest possible ring, then token, is; all older ones are dominated. `pairs` keeps that one age for each pair and each
 * length of token.
 */
export interface World {
  readonly keys: KeyDistribution;
  readonly labels: Labels;
  readonly marks: Marks;
  /** Age of each labelled version. */
  readonly created: Readonly<Record<number, number>>;
  readonly nodes: readonly Node[];
  /** Invocations between two of their calls. One that nothing continues has crashed. */
  readonly invocations: readonly Invocation[];
  /** `a b length` (first token, fallback, how long it lives) to the time since that was last the ring. */
  readonly pairs: Ages;
  /** What a starting node may have fetched, or a server's key set may be, to the time since it was the answer. */
  readonly fetchable: Ages;
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

/** The version that each label is on. */
export interface Labels {
  readonly current: number;
  readonly pending: number;
  readonly previous: number;
  /** `STREAMPASS_SERVERS`. */
  readonly servers: number;
}

export type Marks = Readonly<Partial<Record<MarkName, { readonly version: number; readonly age: number }>>>;
export type Ages = Readonly<Record<string, number>>;

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
  /** What it held when it last reported, if its fleet reports. */
  readonly reported: string;
  /** Whether that is a tick old, and no longer so. */
  readonly outdated: boolean;
  /** What another node reports in its name, beginning with a version, or `goodbye`; empty if nothing. */
  readonly forged: string;
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
  /** Reports of a node in another one's name. */
  readonly forgeries: number;
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
export function steadyWorld(keys: World['keys'], nodes: number, longestToken: number, left: Budget): World {
  return settle({
    keys,
    labels: part({ current: 1, pending: 0, previous: 0, servers: 1 }),
    marks: part({ longest: { version: longestToken, age: 0 } }),
    created: part({ 1: 0 }),
    nodes: nodesOf(
      Array.from({ length: keys === 'jwks' ? 0 : nodes }, () => ({
        holds: '1',
        accepts: '1',
        strayed: false,
        silent: false,
        failed: false,
        reported: '1',
        outdated: false,
        forged: '',
      })),
    ),
    invocations: part([]),
    pairs: part({}),
    fetchable: part({}),
    newest: 1,
    longestToken,
    windowOpen: left.windows === 0,
    cut: 0,
    leaked: 0,
    seen: part({ wanted: { required: [], allowed: undefined }, holds: [], age: 0 }),
    left: part(left),
  });
}

/** A text that is the same for equal worlds, and for no others: a character for each part. */
export function keyOf(world: World): string {
  // In one piece, because a text that is put together from many is slow to look up.
  return String.fromCharCode(
    world.newest,
    world.longestToken,
    Number(world.windowOpen),
    world.cut,
    world.leaked,
    numberOf(world.labels),
    numberOf(world.marks),
    numberOf(world.created),
    numberOf(world.nodes),
    numberOf(world.invocations),
    numberOf(world.pairs),
    numberOf(world.fetchable),
    numberOf(world.seen),
    numberOf(world.left),
  );
}

/** Nodes differ in what they hold alone, so their order means nothing. */
export function nodesOf(nodes: readonly Node[]): World['nodes'] {
  return part(inOrder(nodes));
}

export function invocationsOf(invocations: readonly Invocation[]): World['invocations'] {
  return part(inOrder(invocations));
}

function inOrder<Item>(items: readonly Item[]): readonly Item[] {
  return items.length < 2
    ? items
    : items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** The ring as an issuer reads it: first token, then fallback; 0 for none, as ever for servers with several keys. */
const ringOf = memo((keys: World['keys'], labels: Labels, longestToken: number): string => {
  const { current, pending, previous } = labels;
  if (keys !== 'single') return `${current} 0 ${longestToken}`;
  const fallback = pending !== 0 && pending !== current ? pending : previous !== current ? previous : 0;
  return `${current} ${fallback} ${longestToken}`;
});

/** What a node that starts now fetches: the version labelled for the servers, or the whole ring. */
export function fetchedNow({ keys, labels }: World): string {
  return fetchedBy(keys, labels);
}
const fetchedBy = memo((keys: World['keys'], { current, pending, previous, servers }: Labels) =>
  keys === 'single' ? String(servers) : heldText([current, pending, previous]),
);

/** Versions as a node's file holds them. */
export function heldText(versions: readonly number[]): string {
  return [...new Set(versions.filter((version) => version !== 0))].sort((a, b) => a - b).join(' ');
}

/** The token set and the node that break the promise, if any do. */
export function rejection({ keys, fetchable, nodes, pairs, cut }: World): string | undefined {
  return keys === 'jwks' ? rejectionByKeySets(fetchable, pairs, cut) : rejectionByNodes(nodes, pairs, cut);
}
/** Servers that fetch public keys may hold any set that was published while they keep one. */
const rejectionByKeySets = memo((fetchable: Ages, pairs: Ages, cut: number) =>
  rejectionBy(Object.keys(fetchable), pairs, cut),
);
const rejectionByNodes = memo((nodes: World['nodes'], pairs: Ages, cut: number) =>
  rejectionBy(
    nodes.map((node) => node.accepts),
    pairs,
    cut,
  ),
);

function rejectionBy(serving: readonly string[], pairs: Ages, cut: number): string | undefined {
  for (const [index, accepts] of serving.entries()) {
    const accepted = accepts.split(' ').map(Number);
    // Until an emergency has reached a node, its tokens are refused there: that is what it is for.
    if (accepted.every((version) => version <= cut)) continue;
    for (const pair of Object.keys(pairs)) {
      const [first = 0, fallback = 0] = pair.split(' ').map(Number);
      if (Math.max(first, fallback) <= cut) continue;
      if (!accepted.includes(first) && !accepted.includes(fallback)) {
        return `node ${index} accepts version ${accepts}, a live token set holds ${first} ${fallback}`;
      }
    }
  }
  return undefined;
}

/** How long each age in a world counts, in ticks: what is older stays at that age, or is over. */
export interface Lives {
  readonly marks: Readonly<Partial<Record<MarkName, number>>>;
  readonly created: number;
  readonly invocation: number;
  /** Of a ring, before the tokens that were signed with it. */
  readonly ring: number;
  readonly fetched: number;
  /** Of what was seen, and of marks that are not named. */
  readonly overlap: number;
}

/** What is older than the longest wait it is compared with stays at that age, so that the states are finitely many. */
export function livesOf(keys: World['keys'], clocks: Clocks): Lives {
  const { keyRingMaxAge, longestToken, clockSkew, slack, startUp, invocation, publicKeyAge } = clocks;
  const ring = slack + keyRingMaxAge + clockSkew;
  const tokenLife = ring + longestToken;
  const waits = tokenLife + (keys === 'jwks' ? publicKeyAge : 0);
  return {
    marks: {
      announced: waits,
      longest: slack + clockSkew,
      confirmed: 0,
      shorter: keyRingMaxAge + tokenLife,
      emergency: keyRingMaxAge,
    },
    created: waits,
    invocation,
    ring,
    fetched: keys === 'jwks' ? slack + keyRingMaxAge + publicKeyAge : slack + startUp,
    overlap: keys === 'single' ? clocks.overlap : Math.max(clocks.overlap, tokenLife + slack),
  };
}

/** The world one tick later. */
export function tick(world: World, lives: Lives): World {
  return settle({
    ...world,
    marks: olderMarks(world.marks, lives),
    created: olderCreated(world.created, lives),
    nodes: olderNodes(world.nodes),
    invocations: olderInvocations(world.invocations, lives),
    pairs: olderPairs(world.pairs, lives),
    fetchable: olderFetchable(world.fetchable, lives),
    seen: olderSeen(world.seen, lives),
  });
}

const olderMarks = memo((marks: Marks, lives: Lives): Marks => {
  const older = Object.entries(marks).map(([name, { version, age }]) => [
    name,
    { version, age: Math.min(age + 1, lives.marks[name as MarkName] ?? lives.overlap) },
  ]);
  return part(Object.fromEntries(older) as Marks);
});

const olderCreated = memo((created: World['created'], lives: Lives) =>
  agesOf(Object.entries(created).map(([id, age]) => [id, Math.min(age + 1, lives.created)])),
);

/** A report is believed for a tick; a node that can be reached has sent another one by then. */
const olderNodes = memo((nodes: World['nodes']) =>
  nodesOf(
    nodes.map((node) => {
      if (node.silent) return { ...node, outdated: true };
      const outdated = node.reported !== node.holds && !node.outdated;
      return { ...node, reported: outdated ? node.reported : node.holds, outdated };
    }),
  ),
);

const olderInvocations = memo((invocations: World['invocations'], lives: Lives) =>
  invocationsOf(
    invocations.map((one) => ({ ...one, age: one.age + 1 })).filter(({ age }) => age <= lives.invocation),
  ),
);

const olderPairs = memo((pairs: Ages, lives: Lives) =>
  agesOf(
    Object.entries(pairs)
      .map(([pair, age]): [string, number] => [pair, age + 1])
      .filter(([pair, age]) => age < lives.ring + Number(pair.split(' ')[2])),
  ),
);

const olderFetchable = memo((fetchable: Ages, lives: Lives) =>
  agesOf(
    Object.entries(fetchable)
      .map(([fetched, age]): [string, number] => [fetched, age + 1])
      .filter(([, age]) => age < lives.fetched),
  ),
);

const olderSeen = memo((seen: World['seen'], { overlap }: Lives) =>
  part({ ...seen, age: Math.min(seen.age + 1, overlap) }),
);

/** Marks that are about a labelled version, and mean nothing else. */
const OF_A_VERSION = new Set(['announced', 'servers', 'promoted', 'aborted', 'emergency']);

/** Notes what the labels say now, and forgets what nothing refers to. */
export function settle(world: World): World {
  const { keys, labels, marks, created, pairs, fetchable, longestToken } = world;
  return {
    ...world,
    marks: settledMarks(marks, labels),
    created: settledCreated(created, labels),
    pairs: withFresh(pairs, ringOf(keys, labels, longestToken)),
    fetchable: withFresh(fetchable, fetchedNow(world)),
  };
}

const settledMarks = memo((marks: Marks, labels: Labels): Marks => {
  const labelled: readonly number[] = Object.values(labels);
  const settled = Object.entries(marks)
    .map(([name, mark]): [string, typeof mark] => [
      name,
      labelled.includes(mark.version) || !OF_A_VERSION.has(name) ? mark : { ...mark, age: 0 },
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return part(Object.fromEntries(settled) as Marks);
});

const settledCreated = memo((created: World['created'], labels: Labels) => {
  const labelled: readonly number[] = Object.values(labels);
  return agesOf(Object.entries(created).filter(([id]) => labelled.includes(Number(id))));
});

const withFresh = memo((ages: Ages, name: string) =>
  agesOf(Object.entries({ ...ages, [name]: 0 }).sort(([a], [b]) => (a < b ? -1 : 1))),
);

function agesOf(ages: readonly (readonly [string, number])[]): Ages {
  return part(Object.fromEntries(ages));
}

/** The configuration with another longest token: rings that were read before sign with it too. */
export function configure(world: World, longestToken: number): World {
  return settle({ ...world, longestToken, pairs: withLength(world.pairs, longestToken) });
}

const withLength = memo((pairs: Ages, longestToken: number) => {
  const asWell = Object.entries(pairs).map(([pair, age]): [string, number] => {
    const [first, fallback] = pair.split(' ');
    return [`${first} ${fallback} ${longestToken}`, age];
  });
  return part({ ...Object.fromEntries(asWell), ...pairs });
});
