import type { OAuthError } from '../oauth/oauth-error.ts';
import type { ErrorResponse, TokenResponse } from '../oauth/token-exchange.ts';
import { jsonResponse } from './api-gateway-event.ts';
import type { ApiGatewayResponse } from './api-gateway-event.ts';

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
