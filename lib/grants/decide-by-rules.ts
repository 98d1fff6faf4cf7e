import type { Identity } from '../identity/identity.ts';
import type { Target } from '../targets/target.ts';
import { decideGrant } from './decide-grant.ts';
import type { Decision, GrantRequest } from './decide-grant.ts';
import { matchRules } from './match-rules.ts';
import type { RuleIndex } from './match-rules.ts';

/**
 * Decides a request by the rules that may allow its rooms: no other rule can make a grant wider or narrower. Only the reason
 * of a refusal is a matter of all rules that match the person.
 *
 * @param now epoch seconds
 */
export function decideByRules(
  rules: RuleIndex,
  targetName: string,
  target: Target,
  identity: Identity,
  request: GrantRequest,
  now: number,
): Decision {
  const nearby = matchRules(rules, targetName, identity, now, request.rooms ?? ['*']);
  const decision = decideGrant(nearby, target, identity, request, now);
  if (decision.granted) return decision;
  return decideGrant(matchRules(rules, targetName, identity, now), target, identity, request, now);
}
