import type { Step } from '../../../lib/rotation/step.ts';
import type { MarkName } from '../../../lib/rotation/observed.ts';

/**
 * The world of the model, at one instant: everything that decides what happens next, dates as ages (ticks of a coarse clock)
 * so that equal situations at different times are one state. Versions are numbers, 0 is none.
 *
 * Issuers and token sets need no choices of their own. At every instant some issuer reads the ring, by an answer up to
 * `slack` old; it signs at every instant with every ring up to `keyRingMaxAge` old, and each token lives as long as it
 * may, at a server whose clock is behind by `clockSkew`. So a pair of versions is in a live token set exactly as long as
 * its youngest possible ring, then token, is; all older ones are dominated. `pairs` keeps that one age for each pair.
 */
export interface World {
  readonly keys: 'single' | 'keyring';
  readonly current: number;
  readonly pending: number;
  readonly previous: number;
  /** `STREAMPASS_SERVERS`. */
  readonly servers: number;
  readonly marks: Readonly<Partial<Record<MarkName, { readonly version: number; readonly age: number }>>>;
  /** Age of each labelled version. */
  readonly created: Readonly<Record<number, number>>;
  readonly nodes: readonly Node[];
  /** Invocations between two of their calls. One that is never gone on with has crashed. */
  readonly invocations: readonly Invocation[];
  /** `a b` (first token, fallback) to the time since it was last the ring. */
  readonly pairs: Readonly<Record<string, number>>;
  /** What a starting node may have fetched to the time since it was the answer. */
  readonly fetchable: Readonly<Record<string, number>>;
  readonly newest: number;
  readonly left: Budget;
}

export interface Node {
  /** The versions in its file, in order, separated by blanks: one, or for a key ring several. */
  readonly holds: string;
  /** What it accepts: something else after a reload that did nothing. */
  readonly accepts: string;
  /** It came back with another version than it was meant to hold. */
  readonly strayed: boolean;
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
  /** Changes by an operator. */
  readonly manual: number;
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
}

/** Steady: version 1 everywhere. */
export function steadyWorld(keys: World['keys'], nodes: number, left: Budget): World {
  return {
    keys,
    current: 1,
    pending: 0,
    previous: 0,
    servers: 1,
    marks: {},
    created: { 1: 0 },
    nodes: Array.from({ length: nodes }, () => ({ holds: '1', accepts: '1', strayed: false })),
    invocations: [],
    pairs: { '1 0': 0 },
    fetchable: { '1': 0 },
    newest: 1,
    left,
  };
}

/** The ring as an issuer reads it: first token, then fallback; 0 for none, as ever where servers hold a key ring. */
export function ringOf({ keys, current, pending, previous }: World): string {
  if (keys === 'keyring') return `${current} 0`;
  const fallback = pending !== 0 && pending !== current ? pending : previous !== current ? previous : 0;
  return `${current} ${fallback}`;
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
  for (const [index, { accepts }] of world.nodes.entries()) {
    const accepted = accepts.split(' ');
    for (const pair of Object.keys(world.pairs)) {
      if (!pair.split(' ').some((version) => accepted.includes(version))) {
        return `node ${index} accepts version ${accepts}, a live token set holds ${pair}`;
      }
    }
  }
  return undefined;
}

/** The world one tick later. */
export function tick(world: World, clocks: Clocks): World {
  const { keyRingMaxAge, longestToken, clockSkew, slack, startUp, invocation, overlap } = clocks;
  const tokenLife = slack + keyRingMaxAge + longestToken + clockSkew;
  // What is older than the longest wait it is compared with stays at that age, so that the states are finitely many.
  const older = (age: number) => Math.min(age + 1, tokenLife);
  const longestOverlap = world.keys === 'single' ? overlap : Math.max(overlap, tokenLife + slack);
  const markOlder = (name: string, age: number) =>
    Math.min(age + 1, name === 'announced' ? tokenLife : longestOverlap);
  return settle({
    ...world,
    marks: Object.fromEntries(
      Object.entries(world.marks).map(([name, { version, age }]) => [
        name,
        { version, age: markOlder(name, age) },
      ]),
    ),
    created: mapValues(world.created, older),
    invocations: world.invocations
      .map((one) => ({ ...one, age: one.age + 1 }))
      .filter(({ age }) => age <= invocation),
    pairs: filterValues(mapValues(world.pairs, older), (age) => age < tokenLife),
    fetchable: filterValues(mapValues(world.fetchable, older), (age) => age < slack + startUp),
  });
}

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
          labelled.includes(mark.version) ? mark : { ...mark, age: 0 },
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
