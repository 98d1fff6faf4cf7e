import type { Bounds } from './explore.ts';

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
};

const nothing = { starts: 1, aborts: 0, restarts: 0, falseReloads: 0, manual: 0 };

/** What the suite explores: each combination of troubles that some wait or check is there for. */
export const bounds = {
  'crashes and doubled deliveries': { nodes: 1, probes: true, clocks, budget: nothing },
  'an abort at any point': { nodes: 1, probes: true, clocks, budget: { ...nothing, aborts: 1 } },
  'a change by hand': { nodes: 1, probes: false, clocks, budget: { ...nothing, manual: 1 } },
  'an abort and a late node': {
    nodes: 1,
    probes: false,
    clocks,
    budget: { ...nothing, aborts: 1, restarts: 1 },
  },
  'two nodes, one of them late': { nodes: 2, probes: false, clocks, budget: { ...nothing, restarts: 1 } },
  'a reload that did nothing, a change by hand': {
    nodes: 1,
    probes: true,
    clocks,
    budget: { ...nothing, falseReloads: 1, manual: 1 },
  },
  'a reload that did nothing, an abort': {
    nodes: 1,
    probes: true,
    clocks,
    budget: { ...nothing, falseReloads: 1, aborts: 1 },
  },
  'two rotations and a late node': {
    nodes: 1,
    probes: false,
    clocks,
    budget: { ...nothing, starts: 2, restarts: 1 },
  },
  'a key ring, an abort': {
    keys: 'keyring',
    nodes: 1,
    probes: false,
    clocks,
    budget: { ...nothing, aborts: 1 },
  },
  'a key ring, two nodes, one of them late': {
    keys: 'keyring',
    nodes: 2,
    probes: false,
    clocks,
    budget: { ...nothing, restarts: 1 },
  },
} satisfies Record<string, Bounds>;

/** For `MODEL=large`: all troubles together, over longer clocks; minutes rather than seconds. */
export const largeBounds = {
  'an abort, a late node, a change by hand': {
    nodes: 1,
    probes: false,
    clocks,
    budget: { ...nothing, aborts: 1, restarts: 1, manual: 1 },
  },
  'two nodes, an abort, a late node, a reload that did nothing': {
    nodes: 2,
    probes: true,
    clocks,
    budget: { ...nothing, aborts: 1, restarts: 1, falseReloads: 1 },
  },
  'two rotations, an abort, a late node': {
    nodes: 1,
    probes: false,
    clocks,
    budget: { ...nothing, starts: 2, aborts: 1, restarts: 1 },
  },
  'longer lives of rings and tokens': {
    nodes: 1,
    probes: false,
    clocks: { ...clocks, keyRingMaxAge: 2, longestToken: 3 },
    budget: { ...nothing, restarts: 1, manual: 1 },
  },
} satisfies Record<string, Bounds>;
