/** POST /token: exchanges a sign-in for a streaming token. The story is `lib/exchange/exchange.ts`; this wires it. */

import { auditLines } from '../lib/exchange/audit.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { createService } from './wiring/service.ts';
import { denyTableOf } from './wiring/tables.ts';
import { exchange } from '../lib/exchange/exchange.ts';
import type { ExchangeOutcome } from '../lib/exchange/exchange.ts';
import { toEvent } from '../lib/api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { errorResponse, tokenResponse } from '../lib/exchange/token-response.ts';
import { OAuthError } from '../lib/oauth/oauth-error.ts';
import { configured } from './wiring/configured.ts';
import { createExchangeDeps } from './wiring/exchange-deps.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env, denyTableOf(process.env));
const deps = createExchangeDeps(loaded.config, service, process.env);
let coldStart = true;

await service.prefetch();

/** Answers one event; whatever it holds, with 200, 400 or 503. */
export async function handler(received: unknown): Promise<ApiGatewayResponse> {
  const event = toEvent(received);
  const startedAt = performance.now();
  const outcome = await settle(event);
  const lines = auditLines(outcome, {
    requestId: event.requestContext?.requestId,
    sourceIp: event.requestContext?.http?.sourceIp,
    coldStart,
    latencyMs: performance.now() - startedAt,
    timestampMs: Date.now(),
  });
  for (const line of lines) writeLine(line);
  coldStart = false;
  return outcome.issued
    ? tokenResponse(outcome.response)
    : errorResponse(outcome.error, service.errorsUrl(event));
}

async function settle(event: ApiGatewayEvent): Promise<ExchangeOutcome> {
  try {
    service.assertConfigured();
    return await exchange(event, deps);
  } catch (error) {
    if (error instanceof OAuthError) return { issued: false, error, facts: {} };
    writeLine({
      event: 'token.defect',
      request_id: event.requestContext?.requestId,
      ...describeError(error),
    });
    return { issued: false, error: new OAuthError('internal'), facts: {} };
  }
}
