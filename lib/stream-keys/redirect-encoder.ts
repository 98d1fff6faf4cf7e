/**
 * POST /whip/{target}/{room}/{stream}: a publish address that never changes. The stream key in `Authorization` is exchanged
 * for a token, and the encoder is sent on to the server's WHIP endpoint (RFC 9725 §4.8).
 */

import { bearerTokenOf, type ApiGatewayEvent, type ApiGatewayResponse } from '../api-gateway/event.ts';
import type { Config } from '../config/config.ts';
import type { ExchangeOutcome } from '../exchange/exchange.ts';
import type { TokenRequest } from '../exchange/parse-token-request.ts';
import type { Target } from '../media-servers/target.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { TOKEN_TYPE_JWT } from '../oauth/token-exchange.ts';
import { ROOM_NAME } from '../policy/room.ts';
import type { NewId } from '../ports.ts';
import type { Offer } from './offers.ts';

/** What a redirect needs. */
export interface RedirectDeps {
  readonly config: Config;
  readonly exchange: (request: TokenRequest) => Promise<ExchangeOutcome>;
  readonly newId: NewId;
  /** Which of a rotation's two tokens an encoder is offered. */
  readonly offerTo: (encoder: Encoder) => Promise<Offer>;
}

/** An encoder that is sent on. */
export interface Encoder {
  readonly streamKey: string;
  readonly targetName: string;
  readonly target: Target;
  /** The origin of the node that it is sent to. */
  readonly node: string;
}

/** An encoder connects at once: its token is for the time that takes. */
const SECONDS_TO_START = 60;

/** How a redirect ended: the answer, and the exchange behind it for the audit line. */
export interface Redirected {
  readonly response: ApiGatewayResponse;
  readonly outcome?: ExchangeOutcome;
  /** Why the encoder was turned away for something that no exchange says. */
  readonly refused?: 'stream_key_missing' | 'address_unknown' | 'node_unavailable';
}

/** Answers one request of an encoder; total but for defects of ours. */
export async function redirectEncoder(event: ApiGatewayEvent, deps: RedirectDeps): Promise<Redirected> {
  const method = event.requestContext?.http?.method ?? 'POST';
  // RFC 9725 §4.2: an OPTIONS request may ask what the endpoint takes.
  if (method === 'OPTIONS') return { response: answer(204, { 'accept-post': 'application/sdp' }) };
  if (method !== 'POST') return { response: answer(405, { allow: 'POST, OPTIONS' }) };
  const streamKey = bearerTokenOf(event);
  if (streamKey === undefined) return { response: unauthorized(), refused: 'stream_key_missing' };

  const { target: name = '', room = '', stream = '' } = event.pathParameters ?? {};
  const target = Object.hasOwn(deps.config.targets, name) ? deps.config.targets[name] : undefined;
  const isPlace = [room, stream].every((part) => ROOM_NAME.test(part));
  if (target?.whipUrl === undefined || !isPlace) {
    return { response: answer(404), refused: 'address_unknown' };
  }

  const outcome = await deps.exchange({
    subjectToken: streamKey,
    subjectTokenType: 'stream_key',
    audiences: [name],
    rooms: [room],
    scope: ['publish'],
    transport: 'WHIP',
    stream,
    expiresIn: SECONDS_TO_START,
    requestedTokenType: TOKEN_TYPE_JWT,
    // The lines of the callbacks name it, too: it joins them to the line of this exchange.
    session: deps.newId(),
  });
  if (!outcome.issued) return { response: refusal(outcome.error), outcome };
  const { access_token: first, fallback_token: fallback = first } = outcome.response;
  try {
    const addressWith = await target.whipUrl({ room, stream });
    const node = new URL(addressWith('')).origin;
    const offer =
      fallback === first ? 'first' : await deps.offerTo({ streamKey, targetName: name, target, node });
    const location = addressWith(offer === 'first' ? first : fallback);
    return { response: answer(307, { location }), outcome };
  } catch {
    // The user's function that picks a node, or what it asks.
    return { response: answer(503, { 'retry-after': '2' }), outcome, refused: 'node_unavailable' };
  }
}

/** A key that is not good is told apart from one that is good for something else (RFC 6750 §3.1). */
function refusal(error: OAuthError): ApiGatewayResponse {
  if (error.status === 503) return answer(503, { 'retry-after': String(error.retryAfterSeconds ?? 2) });
  const isInvalid = ['stream_key_invalid', 'subject_token_denied'].includes(error.reason);
  return isInvalid ? unauthorized('invalid_token') : answer(403, {}, error.reason);
}

function unauthorized(error?: string): ApiGatewayResponse {
  const challenge = error === undefined ? 'Bearer' : `Bearer error="${error}"`;
  return answer(401, { 'www-authenticate': challenge }, error);
}

function answer(
  statusCode: number,
  headers: Readonly<Record<string, string>> = {},
  reason?: string,
): ApiGatewayResponse {
  return {
    statusCode,
    headers: {
      'cache-control': 'no-store',
      ...(reason !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: reason === undefined ? '' : `${JSON.stringify({ reason })}\n`,
  };
}
