import { bodyOf, headerOf, jsonResponse } from '../../api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../../api-gateway/event.ts';
import type { Callback } from '../callback.ts';
import type { VerifiedToken } from '../verify-token.ts';

/** OAuth 2.0 Token Introspection (RFC 7662) of streaming tokens, those of every target. */
export const introspection: Callback = {
  name: 'introspection',
  async handle(event, { verify }) {
    const token = tokenParameter(event);
    if (token === undefined) {
      return {
        response: refusal(400, 'invalid_request', 'Send token once, as application/x-www-form-urlencoded.'),
      };
    }
    const verdict = await verify(token);
    // RFC 7662 §2.2: a token that is not valid is not an error, and why is not told.
    const body = verdict.ok ? describe(verdict.token) : { active: false };
    return { response: jsonResponse(200, body), verdict };
  },
  unknownCaller: refusal(401, 'invalid_client', "This needs the callers' secret.", {
    'www-authenticate': 'Bearer',
  }),
  unavailable: (error) =>
    refusal(503, error.code, error.message, { 'retry-after': String(error.retryAfterSeconds ?? 1) }),
};

function tokenParameter(event: ApiGatewayEvent): string | undefined {
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(headerOf(event, 'content-type') ?? ''))
    return undefined;
  const form = new URLSearchParams(bodyOf(event, MAX_BODY_BYTES)?.toString('utf8') ?? '');
  const tokens = form.getAll('token');
  return tokens.length === 1 ? tokens[0] : undefined;
}

const MAX_BODY_BYTES = 65_536;

/** RFC 7662 §2.2; `target`, `room`, `transport` and `session` are ours, in the words of a request for a token. */
function describe({
  targetName,
  claims,
  grant,
  expiresAt,
}: VerifiedToken): Readonly<Record<string, unknown>> {
  return {
    active: true,
    scope: grant.actions.join(' '),
    sub: grant.subject,
    exp: expiresAt,
    iat: claims['iat'],
    jti: claims['jti'],
    iss: claims['iss'],
    aud: claims['aud'],
    target: targetName,
    room: grant.rooms === '*' ? '*' : grant.rooms.join(' '),
    ...(grant.transports.length > 0 && { transport: grant.transports.join(' ') }),
    session: grant.session,
  };
}

function refusal(
  statusCode: 400 | 401 | 503,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): ApiGatewayResponse {
  return jsonResponse(statusCode, { error, error_description: description }, headers);
}
