import { phaseOf, wait, type Situation } from './situation.ts';
import type { Plan } from './step.ts';

/** Brings back or brings along the nodes that do not hold what they should; nothing where all do. */
export function untilNodesHold(situation: Situation): Plan | undefined {
  const { observed, policy, current, pending, previous, servers = current } = situation;
  if (policy.keys === 'jwks') return undefined;
  if (observed.fleetProblem !== undefined) return wait(situation, observed.fleetProblem);
  const ring = [current, pending, previous].filter((version) => version !== undefined);
  const versions =
    policy.keys === 'keyring' ? ring.filter((id) => !observed.versions[id]?.problem) : [servers];
  const problem = observed.versions[servers]?.problem;
  if (policy.keys === 'single' && problem !== undefined) {
    return wait(situation, `Version ${servers}, labelled for the servers, ${problem}: it is not pushed.`);
  }
  const behind = observed.nodes.filter(({ holds }) => {
    const tooMany = policy.keys === 'keyring' && holds.length > versions.length;
    return tooMany || !versions.every((version) => holds.includes(version));
  });
  if (behind.length === 0) return undefined;
  const nodes = behind.map(({ node }) => node);
  const why = `${nodes.length} of ${observed.nodes.length} nodes do not hold what they should.`;
  return { phase: phaseOf(situation), step: { kind: 'push', versions, nodes }, why };
}

/** A real connection decides whether the servers accept a version. */
export function untilProbed(situation: Situation, version: string): Plan | undefined {
  const { probe } = situation.observed;
  if (!situation.policy.probes || probe?.accepted) return undefined;
  if (probe) return wait(situation, `A probe was turned away: ${probe.problem}`);
  return {
    phase: phaseOf(situation),
    step: { kind: 'probe', version },
    why: 'Every node holds the secret; a real connection must show it.',
  };
}
