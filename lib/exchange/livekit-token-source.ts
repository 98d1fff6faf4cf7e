/**
 * POST /livekit/token: the endpoint that LiveKit's SDKs take their tokens from (`TokenSource.endpoint`). It is another form of
 * `POST /token`: the request is translated, exchanged by the same story, and the outcome is translated back.
 *
 * @see LiveKit documentation, "Endpoint token generation"; livekit/protocol `livekit_token_source.proto`
 */

import { bearerTokenOf, bodyOf, headerOf, jsonResponse } from '../api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import type { Config } from '../config/config.ts';
import { parseJsonObject } from '../jws/compact.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { TOKEN_TYPE_JWT } from '../oauth/token-exchange.ts';
import { ROOM_NAME } from '../policy/room.ts';
import type { ExchangeOutcome } from './exchange.ts';
import { MAX_BODY_BYTES, MAX_SUBJECT_TOKEN_LENGTH } from './parse-token-request.ts';
import type { TokenRequest } from './parse-token-request.ts';
import { errorResponse } from './token-response.ts';

/** What the endpoint needs. */
export interface LivekitTokenSourceDeps {
  readonly config: Pick<Config, 'targets'>;
  readonly exchange: (request: TokenRequest) => Promise<ExchangeOutcome>;
}

/** How an exchange ended, and where the client connects. */
export type LivekitOutcome =
  | (Extract<ExchangeOutcome, { readonly issued: true }> & { readonly serverUrl: string })
  | Extract<ExchangeOutcome, { readonly issued: false }>;

/** Exchanges the sign-in in `Authorization` for a LiveKit token. Every input has an outcome; only a defect of ours rejects. */
export async function exchangeForLivekit(
  event: ApiGatewayEvent,
  { config, exchange }: LivekitTokenSourceDeps,
): Promise<LivekitOutcome> {
  try {
    const { request, serverUrl } = parseTokenSourceRequest(event, config);
    const outcome = await exchange(request);
    return outcome.issued ? { ...outcome, serverUrl } : outcome;
  } catch (error) {
    if (error instanceof OAuthError) return { issued: false, error, facts: {} };
    throw error;
  }
}

/** The answer to an outcome: LiveKit's `TokenSourceResponse`, or the error that `/token` gives, with a status of its own. */
export function livekitResponse(outcome: LivekitOutcome, errorsUrl: string): ApiGatewayResponse {
  if (!outcome.issued) return refusal(outcome.error, errorsUrl);
  return jsonResponse(
    201,
    { server_url: outcome.serverUrl, participant_token: outcome.response.access_token },
    { pragma: 'no-cache' },
  );
}

/**
 * Reads what decides on a token: the sign-in, the target, the room, and the session. What a client says of its name,
 * metadata, attributes and room configuration is left out: the rules and the sign-in decide on these.
 */
function parseTokenSourceRequest(
  event: ApiGatewayEvent,
  config: LivekitTokenSourceDeps['config'],
): { readonly request: TokenRequest; readonly serverUrl: string } {
  const method = event.requestContext?.http?.method;
  if (method !== undefined && method !== 'POST') throw new OAuthError('method');
  const subjectToken = bearerTokenOf(event);
  if (subjectToken === undefined) throw new OAuthError('bearer_missing');
  if (subjectToken.length > MAX_SUBJECT_TOKEN_LENGTH) throw new OAuthError('subject_token_too_large');
  const { name, serverUrl } = selectTarget(config, event.pathParameters?.['target']);

  const body = parseJsonBody(event);
  const room = readString(body, 'room_name');
  const session = readString(body, 'participant_identity');
  if (room === undefined) throw new OAuthError('livekit_request_malformed');
  if (!ROOM_NAME.test(room)) throw new OAuthError('room_malformed');
  if (session !== undefined && !ROOM_NAME.test(session)) throw new OAuthError('session_malformed');
  const request: TokenRequest = {
    subjectToken,
    // Which kind of token may be exchanged is the configuration's decision.
    subjectTokenType: 'jwt',
    audiences: [name],
    rooms: [room],
    // A participant's name is the user's, then this: nobody can be another user.
    ...(session !== undefined && { session }),
    requestedTokenType: TOKEN_TYPE_JWT,
  };
  return { request, serverUrl };
}

/** The target of this name, or the only one, among those whose address the configuration says. */
function selectTarget(
  { targets }: LivekitTokenSourceDeps['config'],
  wanted: string | undefined,
): { readonly name: string; readonly serverUrl: string } {
  const served = Object.entries(targets).flatMap(([name, { livekitUrl }]) =>
    livekitUrl === undefined ? [] : [{ name, serverUrl: livekitUrl }],
  );
  const [only, ...others] = wanted === undefined ? served : served.filter(({ name }) => name === wanted);
  if (only === undefined || others.length > 0) throw new OAuthError('livekit_target_unknown');
  return only;
}

function parseJsonBody(event: ApiGatewayEvent): Readonly<Record<string, unknown>> {
  const [type = ''] = (headerOf(event, 'content-type') ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/json') throw new OAuthError('livekit_request_malformed');
  const bytes = bodyOf(event, MAX_BODY_BYTES);
  if (bytes === undefined) throw new OAuthError('body_too_large');
  const body = parseJsonObject(bytes.toString('utf8'));
  if (body === undefined) throw new OAuthError('livekit_request_malformed');
  return body;
}

/** A member that is a string; `undefined` if it is missing, null or empty, which are the same in LiveKit's JSON. */
function readString(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new OAuthError('livekit_request_malformed');
  return value;
}

function refusal(error: OAuthError, errorsUrl: string): ApiGatewayResponse {
  const response = errorResponse(error, errorsUrl);
  const statusCode = statusOf(error);
  const challenge = error.reason === 'bearer_missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  return {
    ...response,
    statusCode,
    headers: {
      ...response.headers,
      ...(statusCode === 401 && { 'www-authenticate': challenge }),
      ...(statusCode === 405 && { allow: 'POST' }),
    },
  };
}

/** The status by HTTP's own meaning: unlike `/token`, this is not an OAuth endpoint, whose refusals are all 400. */
function statusOf({ reason, code, status }: OAuthError): number {
  if (status === 503) return status;
  if (reason === 'too_many_tokens') return 429;
  if (reason === 'method') return 405;
  if (reason === 'body_too_large') return 413;
  // Another sign-in does not help these users.
  if (reason === 'subject_token_denied' || reason === 'subject_token_wrong_tenant') return 403;
  if (reason === 'bearer_missing' || reason.startsWith('subject_token_')) return 401;
  if (code === 'invalid_scope') return 403;
  return code === 'invalid_target' ? 404 : status;
}
