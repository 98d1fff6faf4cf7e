/** POST /whip/{target}/{room}/{stream}: sends an encoder on to the server. The story is `lib/stream-keys/redirect-encoder.ts`. */

import { toEvent } from '../lib/api-gateway/event.ts';
import type { ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { auditLines } from '../lib/exchange/audit.ts';
import { exchangeRequest } from '../lib/exchange/exchange.ts';
import { digestOf } from '../lib/identity/verified-tokens.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { OAuthError } from '../lib/oauth/oauth-error.ts';
import { createOffers } from '../lib/stream-keys/offers.ts';
import { redirectEncoder, type RedirectDeps } from '../lib/stream-keys/redirect-encoder.ts';
import { configured } from './wiring/configured.ts';
import { createExchangeDeps } from './wiring/exchange-deps.ts';
import { createService } from './wiring/service.ts';
import { denyTableOf } from './wiring/tables.ts';

/** Encoders whose last offer is remembered. */
const REMEMBERED_OFFERS = 1000;

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env, denyTableOf(process.env));
const exchangeDeps = createExchangeDeps(loaded.config, service, process.env);
const offers = createOffers(REMEMBERED_OFFERS);
const deps: RedirectDeps = {
  config: loaded.config,
  exchange: (request) => exchangeRequest(request, exchangeDeps),
  nextOffer: (streamKey) => offers.next(digestOf(streamKey)),
};
let coldStart = true;

await service.prefetch();

/** Answers one encoder; whatever it sends, with 204, 307, 401, 403, 404, 405 or 503. */
export async function handler(received: unknown): Promise<ApiGatewayResponse> {
  const event = toEvent(received);
  const startedAt = performance.now();
  try {
    service.assertConfigured();
    const { response, outcome } = await redirectEncoder(event, deps);
    const origin = {
      requestId: event.requestContext?.requestId,
      sourceIp: event.requestContext?.http?.sourceIp,
      coldStart,
      latencyMs: performance.now() - startedAt,
      timestampMs: Date.now(),
    };
    coldStart = false;
    for (const line of outcome === undefined ? [] : auditLines(outcome, origin)) writeLine(line);
    return response;
  } catch (error) {
    if (!(error instanceof OAuthError)) writeLine({ event: 'whip.defect', ...describeError(error) });
    return { statusCode: 503, headers: { 'cache-control': 'no-store', 'retry-after': '10' }, body: '' };
  }
}
