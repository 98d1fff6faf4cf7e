import type { bounds, largeBounds } from './bounds.ts';
import type { Mutation } from './production.ts';

type Shown = Mutation & { readonly shownBy: keyof typeof bounds | keyof typeof largeBounds };

const TOKENS_GONE = 'const tokensGoneSeconds = keyRingMaxAge + longestToken + clockSkew + slack;';

/** Takes one term out of the wait until no token of a version is live. */
function without(term: string): Shown {
  const terms = ['keyRingMaxAge', 'longestToken', 'clockSkew', 'slack'].filter((each) => each !== term);
  return {
    shownBy: 'crashes and doubled deliveries',
    file: 'policy.ts',
    find: TOKENS_GONE,
    replace: `const tokensGoneSeconds = ${terms.join(' + ')};`,
  };
}

/** Every wait and every check that keeps the promise, each taken out on its own, and troubles that show it. */
export const mutations: Readonly<Record<string, Shown>> = {
  'the age of a ring in the announcement': without('keyRingMaxAge'),
  'the longest token in the announcement': without('longestToken'),
  'the clock skew in the announcement': without('clockSkew'),
  'the slack in the announcement': without('slack'),
  'the wait of an announcement': {
    shownBy: 'crashes and doubled deliveries',
    file: 'plan.ts',
    find: "if (now < due) return wait(input, 'waiting_for_twins'",
    replace: "if (false) return wait(input, 'waiting_for_twins'",
  },
  'the nodes before a promotion': {
    shownBy: 'what was seen of the nodes before, and a change by hand',
    file: 'plan.ts',
    find: 'untilNodesHold(input) ?? untilProbed(input, pending)',
    replace: 'untilProbed(input, pending)',
  },
  'the probe before a promotion': {
    shownBy: 'a reload that did nothing, a change by hand',
    file: 'plan.ts',
    find: 'untilProbed(input, pending) ??',
    replace: '',
  },
  'the overlap': {
    shownBy: 'an abort at any point',
    file: 'plan.ts',
    find: "if (now < until) return wait(input, 'overlap'",
    replace: "if (false) return wait(input, 'overlap'",
  },
  'the nodes before the old version goes': {
    shownBy: 'what was seen of the nodes before, and a late node',
    file: 'plan.ts',
    find: "untilNodesHold(input) ?? untilProbed(input, current) ?? drop(input, 'AWSPREVIOUS'",
    replace: "untilProbed(input, current) ?? drop(input, 'AWSPREVIOUS'",
  },
  'the probe before the old version goes': {
    shownBy: 'a reload that did nothing, a change by hand',
    file: 'plan.ts',
    find: "untilProbed(input, current) ?? drop(input, 'AWSPREVIOUS'",
    replace: "drop(input, 'AWSPREVIOUS'",
  },
  'the wait after a change by hand': {
    shownBy: 'a change by hand',
    file: 'plan.ts',
    find: "if (now < due) return wait(input, 'changed_by_hand'",
    replace: "if (false) return wait(input, 'changed_by_hand'",
  },
  'the refusal of a second start': {
    shownBy: 'a change by hand',
    file: 'commands.ts',
    find: "if (phase !== 'steady') return refuse",
    replace: "if (phase === 'empty') return refuse",
  },
  'the long way of an abort that comes late': {
    shownBy: 'an abort at any point',
    file: 'commands.ts',
    find: 'now < due - policy.clockSkew',
    replace: 'now >= 0',
  },
  'the overlap of an abort': {
    shownBy: 'an abort at any point',
    file: 'plan.ts',
    find: "if (now < until) return wait(input, 'aborting'",
    replace: "if (false) return wait(input, 'aborting'",
  },
  'the date of the turn in the overlap of an abort': {
    shownBy: 'an abort and a late node',
    file: 'plan.ts',
    find: 'Math.max(aborted?.at ?? now, told?.at ?? now)',
    replace: '(aborted?.at ?? now)',
  },
  'the date of the abort in its overlap': {
    shownBy: 'an abort and a late node',
    file: 'plan.ts',
    find: 'Math.max(aborted?.at ?? now, told?.at ?? now)',
    replace: '(told?.at ?? now)',
  },
  'the nodes before an aborted version goes': {
    shownBy: 'what was seen of the nodes before, and an abort',
    file: 'plan.ts',
    find: "untilNodesHold(input) ?? untilProbed(input, current) ?? drop(input, 'AWSPENDING'",
    replace: "untilProbed(input, current) ?? drop(input, 'AWSPENDING'",
  },
  'the probe before an aborted version goes': {
    shownBy: 'a reload that did nothing, an abort',
    file: 'plan.ts',
    find: "untilProbed(input, current) ?? drop(input, 'AWSPENDING'",
    replace: "drop(input, 'AWSPENDING'",
  },
  'the date of the servers in the overlap': {
    shownBy: 'an abort at any point',
    file: 'input.ts',
    find: 'Math.max(promoted.at, servers.at)',
    replace: 'promoted.at',
  },
  'the date of the promotion in the overlap': {
    shownBy: 'an abort at any point',
    file: 'input.ts',
    find: 'Math.max(promoted.at, servers.at)',
    replace: 'servers.at',
  },
  'the date before the label of the servers': {
    shownBy: 'an abort at any point',
    file: 'secret-calls.ts',
    find: "return [tag('servers', step.to), {",
    replace: 'return [{',
  },
  'what is not known of a node': {
    shownBy: 'a node that goes silent and comes back',
    file: 'nodes.ts',
    find: '!required.every((version) => holds.includes(version))',
    replace: '(holds.length > 0 && !required.every((version) => holds.includes(version)))',
  },
  'a reload that failed': {
    shownBy: 'a reload that fails',
    file: 'nodes.ts',
    find: '!required.every((version) => holds.includes(version))',
    replace: '(holds.length > 0 && !required.every((version) => holds.includes(version)))',
  },
  'the tolerated nodes at the end of the overlap': {
    shownBy: 'a reload that fails, one tolerated',
    file: 'nodes.ts',
    find: "phaseOf(input) === 'pushing' &&",
    replace: '',
  },
  'how many nodes are tolerated': {
    shownBy: 'a reload that fails, and a change by hand',
    file: 'nodes.ts',
    find: '&& behind.length <= tolerate',
    replace: '',
  },
  'a look of this invocation': {
    shownBy: 'what was seen of the nodes before, and a late node',
    file: 'nodes.ts',
    find: 'return mustBeFresh && !look.fresh ?',
    replace: 'return false ?',
  },
  'the window before a push': {
    shownBy: 'a window that opens and closes',
    file: 'plan.ts',
    find: 'unconfirmed(input, pending) ?? untilWindow(input) ??',
    replace: 'unconfirmed(input, pending) ??',
  },
  'the window before a change by hand is pushed': {
    shownBy: 'a window, and a change by hand',
    file: 'plan.ts',
    find: 'unconfirmed(input, current) ?? untilWindow(input) ??',
    replace: 'unconfirmed(input, current) ??',
  },
  'the leaked version in the ring': {
    shownBy: 'an emergency at any point',
    file: 'repair-labels.ts',
    find: "return drop(input, 'AWSPREVIOUS', previous, 'emergency_ends_old');",
    replace: 'return undefined;',
  },
  'the version that was pending before an emergency': {
    shownBy: 'an emergency at any point',
    file: 'repair-labels.ts',
    find: "return drop(input, 'AWSPENDING', pending, 'emergency_ends_old');",
    replace: 'return undefined;',
  },
  'the age of what was pending at an emergency': {
    shownBy: 'an emergency at any point',
    file: 'repair-labels.ts',
    find: 'createdAt(input, pending) <= emergency.at',
    replace: 'createdAt(input, pending) < 0',
  },
  'the tokens of the configuration before': {
    shownBy: 'a configuration with shorter tokens',
    file: 'input.ts',
    find: 'Math.max(policy.longestToken, Number(state.marks.longest?.version ?? 0))',
    replace: 'policy.longestToken',
  },
  'the wait before shorter tokens count': {
    shownBy: 'a configuration with shorter tokens',
    file: 'token-length.ts',
    find: "return now >= tokensGone ? record('longest') : undefined;",
    replace: "return record('longest');",
  },
  'the date since when tokens are shorter': {
    shownBy: 'a configuration with shorter tokens',
    file: 'token-length.ts',
    find: 'const tokensGone = shorter.at + policy.keyRingMaxAge + waitsOf(policy, recorded).tokensGoneSeconds;',
    replace:
      'const tokensGone = (longest.at - 100) + policy.keyRingMaxAge + waitsOf(policy, recorded).tokensGoneSeconds;',
  },
  'the fleet that a pushed secret needs': {
    shownBy: 'no fleet, and changes by hand',
    file: 'plan.ts',
    find: 'unconfirmed(input, pending) ??',
    replace: '',
  },
  'the fleet that a change by hand needs': {
    shownBy: 'no fleet, and changes by hand',
    file: 'input.ts',
    find: 'input.policy.hasFleet || input.state.marks.confirmed?.version === version',
    replace: 'true',
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
    find: 'overlapSeconds: Math.max(overlap, tokensGoneSeconds + slack), tokensGoneSeconds, }; // The same',
    replace: 'overlapSeconds: overlap, tokensGoneSeconds, }; // The same',
  },
  'the versions beside the first in a key ring file': {
    shownBy: 'a key ring, an abort',
    file: 'nodes.ts',
    find: 'const { required, allowed = required } = wantedOf(input);',
    replace: 'const allowed = [input.servers];',
  },
  'the nodes before a new key signs': {
    shownBy: 'a key ring, what was seen of its nodes before, and a silent one',
    file: 'plan.ts',
    find: 'untilNodesHold(input) ?? untilProbed(input, pending)',
    replace: 'untilProbed(input, pending)',
  },
  'the previous key in the ring of a rotation': {
    shownBy: 'a key ring that keeps its previous key',
    file: 'repair-labels.ts',
    find: 'servers !== current && !isKeptKey',
    replace: 'servers !== current',
  },
  'a name of a report that its node alone can write': {
    shownBy: 'nodes that report, one in the name of another',
    file: '../fleet/reported-nodes.ts',
    find: 'rowIdOf({ instance }: {',
    replace: 'rowIdOf({ node: instance }: {',
  },
  'an abort that waits while the servers are told': {
    shownBy: 'a configuration with far longer tokens, an abort',
    file: 'commands.ts',
    find: 'servers === current && isEarly',
    replace: 'isEarly',
  },
  'an abort that waits while tokens become longer': {
    shownBy: 'a configuration with longer tokens, an abort',
    file: 'commands.ts',
    find: 'isLengthSettled(input) ? input.waits : waitsOf(policy, 0)',
    replace: 'input.waits',
  },
  'the length that is not recorded yet in an abort': {
    shownBy: 'a configuration with longer tokens, an abort',
    file: 'token-length.ts',
    find: 'Number(longest.version) === policy.longestToken &&',
    replace: '',
  },
  'the date of the length in an abort': {
    shownBy: 'a configuration with longer tokens, an abort',
    file: 'token-length.ts',
    find: 'now >= longest.at + policy.slack + policy.clockSkew',
    replace: 'true',
  },
  'the wait of public keys before a new one signs': {
    shownBy: 'public keys, an abort',
    file: 'policy.ts',
    find: 'announceSeconds: keyRingMaxAge + publicKeyAge + clockSkew + slack',
    replace: 'announceSeconds: keyRingMaxAge + clockSkew',
  },
  'the life of tokens in the overlap of public keys': {
    shownBy: 'public keys, an abort',
    file: 'policy.ts',
    find: 'overlapSeconds: Math.max(overlap, tokensGoneSeconds + slack), tokensGoneSeconds, }; } }',
    replace: 'overlapSeconds: 0, tokensGoneSeconds, }; } }',
  },
};
