import { OAuthError } from '../oauth/oauth-error.ts';
import type { Reason } from '../oauth/reasons.ts';
import type { Now } from '../ports.ts';
import { bearerTokenOf, toPolicy, wantsSimpleResponse } from './authorizer-event.ts';
import type {
  AuthorizerContext,
  AuthorizerEvent,
  PolicyResponse,
  SimpleResponse,
} from './authorizer-event.ts';
import type { VerifiedToken } from './verify-token.ts';
import type { Verify, Problem } from './verifier.ts';

/** What an authorizer is told and needs. */
export interface AuthorizerDeps {
  readonly verify: Verify;
  readonly now: Now;
  /** How long API Gateway keeps an answer, in seconds. */
  readonly cacheSeconds: number;
  /** The targets whose tokens are accepted; left out, those of all. */
  readonly targets: ReadonlySet<string> | undefined;
}

/** How a decision came about: all that a log line may hold. */
export interface AuthorizerFacts {
  /** Why not; absent where the token was accepted. */
  readonly problem?: Problem | Reason | 'ends_within_cache';
  readonly token?: VerifiedToken;
}

/**
 * Decides on a streaming token for an API of one's own. API Gateway goes on with a kept answer without asking again, so a
 * token that would end meanwhile is not accepted any more: none is ever used past its end. Where nobody can tell, the
 * answer is no, since an authorizer that fails is a 500 to the API's client.
 */
export async function authorize(
  event: AuthorizerEvent,
  { verify, now, cacheSeconds, targets }: AuthorizerDeps,
): Promise<{ readonly response: SimpleResponse | PolicyResponse; readonly facts: AuthorizerFacts }> {
  let facts: AuthorizerFacts;
  try {
    const verdict = await verify(bearerTokenOf(event), (_target, name) => targets?.has(name) ?? true);
    facts = {
      ...(verdict.token && { token: verdict.token }),
      ...(!verdict.ok && { problem: verdict.problem }),
    };
    if (verdict.ok && verdict.token.expiresAt - now() <= cacheSeconds) {
      facts = { token: verdict.token, problem: 'ends_within_cache' };
    }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    facts = { problem: error.reason };
  }
  const isAllowed = facts.problem === undefined;
  const context = isAllowed && facts.token ? toContext(facts.token) : {};
  if (wantsSimpleResponse(event)) return { response: { isAuthorized: isAllowed, context }, facts };
  const principalId = (isAllowed && facts.token?.grant.subject) || 'nobody';
  return {
    response: toPolicy(
      typeof event.methodArn === 'string' ? event.methodArn : '',
      principalId,
      isAllowed,
      context,
    ),
    facts,
  };
}

/** Lists are separated by blanks, as in a request for a token; any room is `*`. */
function toContext({ targetName, claims, grant, kid, expiresAt }: VerifiedToken): AuthorizerContext {
  return {
    target: targetName,
    sub: grant.subject,
    scope: grant.actions.join(' '),
    room: grant.rooms === '*' ? '*' : grant.rooms.join(' '),
    transport: grant.transports.join(' '),
    session: grant.session ?? '',
    jti: String(claims['jti']),
    kid,
    exp: expiresAt,
  };
}
