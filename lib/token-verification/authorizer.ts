import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now } from '../ports.ts';
import { bearerTokenOf, toPolicy, wantsSimpleResponse } from './authorizer-event.ts';
import type {
  AuthorizerContext,
  AuthorizerEvent,
  PolicyResponse,
  SimpleResponse,
} from './authorizer-event.ts';
import type { VerifiedToken } from './verify-token.ts';
import type { VerificationFacts } from './audit.ts';
import type { Verify } from './verifier.ts';

/** The options and dependencies of an authorizer. */
export interface AuthorizerDeps {
  readonly verify: Verify;
  readonly now: Now;
  /** How long API Gateway keeps an answer, in seconds. */
  readonly cacheSeconds: number;
  /** The targets whose tokens are accepted; left out, those of all. */
  readonly targets: ReadonlySet<string> | undefined;
}

/**
 * Decides on a streaming token for an API of one's own. API Gateway uses a cached answer without asking again. So a token
 * that would end within that time is refused, and no token is used after its end.
 *
 * If keys or the deny list are unavailable, there is no response and the function must fail. API Gateway then admits nobody
 * and caches nothing. A refusal would be cached, and users would be refused long after the outage.
 */
export async function authorize(
  event: AuthorizerEvent,
  { verify, now, cacheSeconds, targets }: AuthorizerDeps,
): Promise<{ readonly response?: SimpleResponse | PolicyResponse; readonly facts: VerificationFacts }> {
  let facts: VerificationFacts;
  try {
    const verdict = await verify(bearerTokenOf(event), (_target, name) => targets?.has(name) ?? true);
    facts = {
      callback: 'authorizer',
      ...(verdict.token && { token: verdict.token }),
      ...(!verdict.ok && { problem: verdict.problem }),
    };
    if (verdict.ok && verdict.token.expiresAt - now() <= cacheSeconds) {
      facts = { ...facts, problem: 'ends_within_cache' };
    }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return { facts: { callback: 'authorizer', problem: error.reason, unavailable: true } };
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

/** Several values are separated by blanks, as in a token request; any room is `*`. */
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
