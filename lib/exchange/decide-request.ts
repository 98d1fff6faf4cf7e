import type { Target } from '../media-servers/target.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Reason } from '../oauth/reasons.ts';
import { decideByRules } from '../policy/decide-by-rules.ts';
import type { Grant } from '../policy/grant.ts';
import type { Identity } from '../identity/identity.ts';
import type { RuleIndex } from '../policy/match-rules.ts';
import { toWords } from './parse-token-request.ts';
import { readForTarget } from './read-for-target.ts';

/** The parameters of a request. */
export interface Question {
  readonly scope?: string | undefined;
  readonly room?: string | undefined;
  readonly transport?: string | undefined;
}

/** What the rules decide about a request. */
export type Answer =
  | { readonly granted: true; readonly grant: Grant; readonly rules: readonly string[] }
  | { readonly granted: false; readonly reason: Reason };

/**
 * What `/token` would answer a user who asks for this: read and decided by the code that answers requests, without a token.
 *
 * @param now epoch seconds
 */
export function decideRequest(
  rules: RuleIndex,
  targetName: string,
  target: Target,
  identity: Identity,
  { scope, room, transport }: Question,
  now: number,
): Answer {
  try {
    const asked = {
      ...(scope !== undefined && { scope: toWords(scope) }),
      ...(room !== undefined && { rooms: toWords(room) }),
      ...(transport !== undefined && { transport }),
    };
    const decision = decideByRules(rules, targetName, target, identity, readForTarget(asked, target), now);
    return decision.granted
      ? { granted: true, grant: decision.grant, rules: decision.rulesOf(decision.grant) }
      : decision;
  } catch (error) {
    if (error instanceof OAuthError) return { granted: false, reason: error.reason };
    throw error;
  }
}
