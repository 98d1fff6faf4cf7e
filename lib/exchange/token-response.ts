import type { OAuthError } from '../oauth/oauth-error.ts';
import type { IssuedToken } from './issue-token.ts';
import { ISSUED_TOKEN_TYPES } from '../oauth/token-exchange.ts';
import type { ErrorResponse, IssuedAnswer, IssuedTokenType, TokenResponse } from '../oauth/token-exchange.ts';
import { jsonResponse } from '../api-gateway/event.ts';
import type { ApiGatewayResponse } from '../api-gateway/event.ts';

/** Part of a token's lifetime after which a client should renew it. */
const REFRESH_SHARE = 0.6;

/** A token that was issued for one target. */
export interface TargetToken {
  readonly name: string;
  readonly token: IssuedToken;
}

/** What is answered for one target's token; for several, also each by its target's name and the session they share. */
export function toTokenResponse(
  first: TargetToken,
  further: readonly TargetToken[],
  session: string,
  type: IssuedTokenType,
): TokenResponse {
  if (further.length === 0) return toAnswer(first, type);
  const tokens = Object.fromEntries([first, ...further].map((one) => [one.name, toAnswer(one, type)]));
  return { ...toAnswer(first, type), session, tokens };
}

function toAnswer({ token }: TargetToken, type: IssuedTokenType): IssuedAnswer {
  const { grant } = token;
  return {
    access_token: token.token,
    issued_token_type: type,
    token_type: ISSUED_TOKEN_TYPES[type],
    expires_in: grant.ttlSeconds,
    scope: grant.actions.join(' '),
    refresh_in: Math.max(1, Math.floor(grant.ttlSeconds * REFRESH_SHARE)),
    ...(token.fallback !== undefined && { fallback_token: token.fallback }),
  };
}

/** The answer to a granted exchange: RFC 8693 §2.2.1, kept by no cache (RFC 6749 §5.1). */
export function tokenResponse(issued: TokenResponse): ApiGatewayResponse {
  return jsonResponse(200, issued, { pragma: 'no-cache' });
}

/**
 * The answer to a refused exchange (RFC 6749 §5.2), with a `reason` for programs and, where waiting helps, the seconds to
 * wait in the header and in the body.
 *
 * @param errorsUrl the page that has an entry for each reason
 */
export function errorResponse(error: OAuthError, errorsUrl: string): ApiGatewayResponse {
  const wait = error.retryAfterSeconds;
  const body: ErrorResponse = {
    error: error.code,
    error_description: error.message,
    error_uri: `${errorsUrl}#${error.reason}`,
    reason: error.reason,
    ...(wait !== undefined && { retry_after: wait }),
  };
  return jsonResponse(error.status, body, {
    pragma: 'no-cache',
    ...(wait !== undefined && { 'retry-after': String(wait) }),
  });
}
