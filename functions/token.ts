/** POST /token: exchanges a sign-in for a streaming token. The story is `lib/exchange/exchange.ts`; this wires it. */

import { auditLines } from '../lib/exchange/audit.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { createService } from './wiring/service.ts';
import { denyTableOf } from './wiring/tables.ts';
import { newRandomId, systemNow } from '../lib/node/system.ts';
import { exchange } from '../lib/exchange/exchange.ts';
import type { ExchangeDeps, ExchangeOutcome } from '../lib/exchange/exchange.ts';
import { indexRules } from '../lib/policy/match-rules.ts';
import { toEvent } from '../lib/api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { errorResponse, tokenResponse } from '../lib/exchange/token-response.ts';
import { identify } from '../lib/identity/identify.ts';
import { createVerifiedTokens } from '../lib/identity/verified-tokens.ts';
import { OAuthError } from '../lib/oauth/oauth-error.ts';
import { configured } from './wiring/configured.ts';

/**
 * How much is remembered for renewals, in characters of subject tokens: some 2,000 of the usual size, and at most about 20
 * MB with their parsed claims.
 */
const VERIFIED_TOKENS = 2_000_000;

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const { config } = loaded;
const service = createService(loaded, process.env, denyTableOf(process.env));
const identifyDeps = {
  issuers: service.issuers,
  verified: createVerifiedTokens(VERIFIED_TOKENS),
  now: systemNow,
  clockSkew: config.timing.clockSkew,
};
const deps: ExchangeDeps = {
  config,
  rules: indexRules(config.grants, config.targets, config.timing.clockSkew),
  identify: (subjectToken, type) => identify(subjectToken, type, identifyDeps),
  admit: service.admission.admit,
  ringOf: service.ringOf,
  now: systemNow,
  newId: newRandomId,
};
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
