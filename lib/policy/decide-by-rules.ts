import type { Identity } from '../identity/identity.ts';
import type { Target } from '../media-servers/target.ts';
import type { Grant } from './grant.ts';
import { decideGrant } from './decide-grant.ts';
import type { GrantRequest, Refusal } from './decide-grant.ts';
import { grantingRules } from './granting-rules.ts';
import { matchRules, someRuleMatches } from './match-rules.ts';
import type { RuleIndex } from './match-rules.ts';

/** A decision, and a function that names the rules behind this grant or a narrower one, as paths in the configuration. */
export type RuledDecision =
  | {
      readonly granted: true;
      readonly grant: Grant;
      readonly rulesOf: (grant: Grant) => readonly string[];
    }
  | { readonly granted: false; readonly reason: Refusal };

/**
 * Decides a request by the rules that may allow its rooms, because no other rule changes the grant. Only the reason of a
 * refusal depends on all rules that match the user.
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
): RuledDecision {
  const matching = matchRules(rules, targetName, identity, now, request.rooms ?? ['*']);
  const decision = decideGrant(matching, target, identity, request, now, (wanted) =>
    someRuleMatches(rules, targetName, identity, now, wanted),
  );
  if (!decision.granted) return decision;
  return {
    granted: true,
    grant: decision.grant,
    rulesOf: (grant) => grantingRules(matching, identity, grant),
  };
}
