import type { bounds } from './bounds.ts';
import type { Mutation } from './production.ts';

/** Every wait and every check that keeps the promise, each taken out on its own, and troubles that show it. */
export const mutations: Readonly<Record<string, Mutation & { readonly shownBy: keyof typeof bounds }>> = {
  'the age of a ring in the announcement': {
    shownBy: 'crashes and doubled deliveries',
    file: 'policy.ts',
    find: 'keyRingMaxAge + target.longestToken + clockSkew + slack',
    replace: 'target.longestToken + clockSkew + slack',
  },
  'the longest token in the announcement': {
    shownBy: 'crashes and doubled deliveries',
    file: 'policy.ts',
    find: 'keyRingMaxAge + target.longestToken + clockSkew + slack',
    replace: 'keyRingMaxAge + clockSkew + slack',
  },
  'the clock skew in the announcement': {
    shownBy: 'crashes and doubled deliveries',
    file: 'policy.ts',
    find: 'keyRingMaxAge + target.longestToken + clockSkew + slack',
    replace: 'keyRingMaxAge + target.longestToken + slack',
  },
  'the slack in the announcement': {
    shownBy: 'crashes and doubled deliveries',
    file: 'policy.ts',
    find: 'keyRingMaxAge + target.longestToken + clockSkew + slack',
    replace: 'keyRingMaxAge + target.longestToken + clockSkew',
  },
  'the wait of an announcement': {
    shownBy: 'crashes and doubled deliveries',
    file: 'plan.ts',
    find: "if (now < due) return wait(situation, 'Tokens live that have no twin",
    replace: "if (false) return wait(situation, 'Tokens live that have no twin",
  },
  'the date of a pending version that no start made': {
    shownBy: 'crashes and doubled deliveries',
    file: 'plan.ts',
    find: 'if (pending !== undefined && announced?.version !== pending)',
    replace: 'if (false)',
  },
  'the nodes before a promotion': {
    shownBy: 'a change by hand',
    file: 'plan.ts',
    find: 'untilNodesHold(situation) ??\n    untilProbed(situation, pending)',
    replace: 'untilProbed(situation, pending)',
  },
  'the probe before a promotion': {
    shownBy: 'a reload that did nothing, a change by hand',
    file: 'plan.ts',
    find: 'untilProbed(situation, pending) ??',
    replace: '',
  },
  'the overlap': {
    shownBy: 'an abort at any point',
    file: 'plan.ts',
    find: "if (now < until) return wait(situation, 'The overlap",
    replace: "if (false) return wait(situation, 'The overlap",
  },
  'the nodes before the old version goes': {
    shownBy: 'a change by hand',
    file: 'plan.ts',
    find: 'if (stop) return stop;\n  if (previous !== undefined)',
    replace: 'if (previous !== undefined)',
  },
  'the probe before the old version goes': {
    shownBy: 'a reload that did nothing, a change by hand',
    file: 'plan.ts',
    find: "untilProbed(situation, current) ??\n      drop(situation, 'AWSPREVIOUS'",
    replace: "drop(situation, 'AWSPREVIOUS'",
  },
  'the wait after a change by hand': {
    shownBy: 'a change by hand',
    file: 'plan.ts',
    find: "if (now < due) return wait(situation, 'The secret was changed by hand",
    replace: "if (false) return wait(situation, 'The secret was changed by hand",
  },
  'the refusal of a second start': {
    shownBy: 'a change by hand',
    file: 'asked.ts',
    find: "if (phase !== 'steady')",
    replace: "if (phase === 'empty')",
  },
  'the long way of an abort that comes late': {
    shownBy: 'an abort at any point',
    file: 'asked.ts',
    find: 'now < due - policy.clockSkew',
    replace: 'now >= 0',
  },
  'the overlap of an abort': {
    shownBy: 'an abort at any point',
    file: 'plan.ts',
    find: "if (now < until) return wait(situation, 'Aborting",
    replace: "if (false) return wait(situation, 'Aborting",
  },
  'the date of the turn in the overlap of an abort': {
    shownBy: 'an abort and a late node',
    file: 'plan.ts',
    find: 'Math.max(abort?.at ?? now, servers.at)',
    replace: '(abort?.at ?? now)',
  },
  'the date of the abort in its overlap': {
    shownBy: 'an abort and a late node',
    file: 'plan.ts',
    find: 'Math.max(abort?.at ?? now, servers.at)',
    replace: 'servers.at',
  },
  'the probe before an aborted version goes': {
    shownBy: 'a reload that did nothing, an abort',
    file: 'plan.ts',
    find: "untilProbed(situation, current) ??\n      drop(situation, 'AWSPENDING'",
    replace: "drop(situation, 'AWSPENDING'",
  },
  'the date of the servers in the overlap': {
    shownBy: 'an abort at any point',
    file: 'plan.ts',
    find: 'Math.max(promoted.at, servers.at)',
    replace: 'promoted.at',
  },
  'the date of the promotion in the overlap': {
    shownBy: 'an abort at any point',
    file: 'plan.ts',
    find: 'Math.max(promoted.at, servers.at)',
    replace: 'servers.at',
  },
  'the date before the label of the servers': {
    shownBy: 'an abort at any point',
    file: 'label-calls.ts',
    find: "{ call: 'tag', mark: 'servers', version: step.to, at: now },",
    replace: '',
  },
  'the wait of a key ring before its new version signs': {
    shownBy: 'a key ring, two nodes, one of them late',
    file: 'policy.ts',
    find: 'announceSeconds: keyRingMaxAge + clockSkew + slack',
    replace: 'announceSeconds: 0',
  },
  'the life of tokens in the overlap of a key ring': {
    shownBy: 'a key ring, an abort',
    file: 'policy.ts',
    find: 'untilTokensAreGone + slack), }, // The same',
    replace: '0) }, // The same',
  },
  'the versions beside the first in a key ring file': {
    shownBy: 'a key ring, an abort',
    file: 'nodes-in-line.ts',
    find: "policy.keys === 'keyring' ? ring.filter((id) => !observed.versions[id]?.problem) : [servers]",
    replace: '[servers]',
  },
};
