import type { Bounds } from './explore.ts';
import type { Budget } from './world.ts';

/**
 * The clocks of the model, in ticks: each limit is one tick, so that one tick too few is seen. An overlap holds the
 * longest start of a node, the slack, and twice the life of an invocation, of which two can delay one move of a label.
 */
const clocks = {
  keyRingMaxAge: 1,
  longestToken: 1,
  clockSkew: 1,
  slack: 1,
  overlap: 4,
  startUp: 1,
  invocation: 1,
  publicKeyAge: 1,
};

const nothing: Budget = {
  starts: 1,
  aborts: 0,
  restarts: 0,
  falseReloads: 0,
  failures: 0,
  silences: 0,
  forgeries: 0,
  manual: 0,
  emergencies: 0,
  windows: 0,
  configs: 0,
};

/** One node without probes, and one start: what differs is named. */
const one = { nodes: 1, probes: false, clocks, budget: nothing } satisfies Bounds;

/** Nodes that report: the overlap holds the age of a report, too. */
const reporting = { ...one, reports: true, clocks: { ...clocks, overlap: 5 } } satisfies Bounds;

/** What the suite explores: each combination of troubles that some wait or check is there for. */
export const bounds = {
  'crashes and doubled deliveries': { ...one, probes: true },
  'an abort at any point': { ...one, probes: true, budget: { ...nothing, aborts: 1 } },
  'a change by hand': { ...one, budget: { ...nothing, manual: 1 } },
  'an abort and a late node': { ...one, budget: { ...nothing, aborts: 1, restarts: 1 } },
  'two nodes, one of them late': { ...one, nodes: 2, budget: { ...nothing, restarts: 1 } },
  'a reload that did nothing, a change by hand': {
    ...one,
    probes: true,
    budget: { ...nothing, falseReloads: 1, manual: 1 },
  },
  'a reload that did nothing, an abort': {
    ...one,
    probes: true,
    budget: { ...nothing, falseReloads: 1, aborts: 1 },
  },
  'two rotations and a late node': { ...one, budget: { ...nothing, starts: 2, restarts: 1 } },
  'a node that goes silent and comes back': { ...one, nodes: 2, budget: { ...nothing, silences: 2 } },
  'a reload that fails': { ...one, nodes: 2, budget: { ...nothing, failures: 1 } },
  'a reload that fails, one tolerated': {
    ...one,
    nodes: 2,
    tolerate: 1,
    budget: { ...nothing, failures: 2 },
  },
  'what was seen of the nodes before, and a late node': {
    ...one,
    remembers: true,
    budget: { ...nothing, restarts: 1 },
  },
  'what was seen of the nodes before, and an abort': {
    ...one,
    remembers: true,
    budget: { ...nothing, aborts: 1 },
  },
  'what was seen of the nodes before, and a change by hand': {
    ...one,
    remembers: true,
    budget: { ...nothing, manual: 1 },
  },
  'a reload that fails, and a change by hand': { ...one, budget: { ...nothing, failures: 1, manual: 1 } },
  'a window that opens and closes': { ...one, budget: { ...nothing, windows: 2 } },
  'a window, and a change by hand': { ...one, budget: { ...nothing, starts: 0, windows: 1, manual: 1 } },
  'an emergency at any point': { ...one, budget: { ...nothing, emergencies: 1 } },
  'a configuration with shorter tokens': {
    ...one,
    lengths: [2, 1],
    clocks: { ...clocks, longestToken: 2 },
    budget: { ...nothing, configs: 1 },
  },
  'a configuration with longer tokens, an abort': {
    ...one,
    lengths: [1, 3],
    clocks: { ...clocks, longestToken: 3 },
    budget: { ...nothing, configs: 1, aborts: 1 },
  },
  'no fleet, and changes by hand': {
    ...one,
    hasFleet: false,
    reaches: Infinity,
    budget: { ...nothing, manual: 2 },
  },
  'a key ring, an abort': { ...one, keys: 'keyring', budget: { ...nothing, aborts: 1 } },
  'a key ring, two nodes, one of them late': {
    ...one,
    keys: 'keyring',
    nodes: 2,
    budget: { ...nothing, restarts: 1 },
  },
  'a key ring that keeps its previous key': {
    ...one,
    keys: 'keyring',
    resignsTokens: true,
    reaches: 3,
    budget: { ...nothing, starts: 2 },
  },
  'a key ring, a node that goes silent': { ...one, keys: 'keyring', budget: { ...nothing, silences: 2 } },
  'a key ring, what was seen of its nodes before, and a silent one': {
    ...one,
    keys: 'keyring',
    remembers: true,
    budget: { ...nothing, silences: 2 },
  },
  'nodes that report, one in the name of another': {
    ...reporting,
    budget: { ...nothing, forgeries: 1 },
  },
  'nodes that report, one goes silent': { ...reporting, budget: { ...nothing, silences: 2 } },
  'nodes that report, an abort': { ...reporting, budget: { ...nothing, aborts: 1 } },
  'public keys, an abort': { ...one, keys: 'jwks', budget: { ...nothing, starts: 2, aborts: 1 } },
  'public keys, an emergency': { ...one, keys: 'jwks', budget: { ...nothing, emergencies: 1 } },
} satisfies Record<string, Bounds>;

/** For `MODEL=large`: all troubles together, over longer clocks; minutes rather than seconds. */
export const largeBounds = {
  'nodes that report, one in the name of another, an abort': {
    ...reporting,
    budget: { ...nothing, forgeries: 1, aborts: 1 },
  },
  'an emergency, an abort and two nodes': {
    ...one,
    nodes: 2,
    budget: { ...nothing, emergencies: 1, aborts: 1 },
  },
  'a configuration with far longer tokens, an abort': {
    ...one,
    lengths: [1, 5],
    clocks: { ...clocks, longestToken: 5 },
    budget: { ...nothing, configs: 1, aborts: 1 },
  },
  'a configuration with shorter tokens, an abort': {
    ...one,
    lengths: [2, 1],
    clocks: { ...clocks, longestToken: 2 },
    budget: { ...nothing, configs: 1, aborts: 1 },
  },
  'a configuration with shorter and again longer tokens': {
    ...one,
    lengths: [2, 1],
    clocks: { ...clocks, longestToken: 2 },
    budget: { ...nothing, configs: 2 },
  },
  'an abort, a late node, a change by hand': {
    ...one,
    budget: { ...nothing, aborts: 1, restarts: 1, manual: 1 },
  },
  'two nodes, an abort, a late node, a reload that did nothing': {
    ...one,
    nodes: 2,
    probes: true,
    budget: { ...nothing, aborts: 1, restarts: 1, falseReloads: 1 },
  },
  'two rotations, an abort, a late node': {
    ...one,
    budget: { ...nothing, starts: 2, aborts: 1, restarts: 1 },
  },
  'longer lives of rings and tokens': {
    ...one,
    clocks: { ...clocks, keyRingMaxAge: 2, longestToken: 3 },
    budget: { ...nothing, restarts: 1, manual: 1 },
  },
  'an emergency, a late node, a silent node': {
    ...one,
    nodes: 2,
    budget: { ...nothing, emergencies: 1, restarts: 1, silences: 1 },
  },
  'two nodes, one tolerated, one late, one silent': {
    ...one,
    nodes: 2,
    tolerate: 1,
    budget: { ...nothing, failures: 1, restarts: 1, silences: 1 },
  },
} satisfies Record<string, Bounds>;
