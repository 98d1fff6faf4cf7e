/** POST /token: exchanges a sign-in for a streaming token. The story is `lib/exchange/exchange.ts`; this wires it. */

import { auditLines } from '../lib/exchange/audit.ts';
import { createService } from './wiring/service.ts';
import { denyTableOf } from './wiring/tables.ts';
import { exchange } from '../lib/exchange/exchange.ts';
import type { ExchangeDeps, ExchangeOutcome } from '../lib/exchange/exchange.ts';
import type { TokenRequest } from '../lib/exchange/parse-token-request.ts';
import type { ApiGatewayEvent } from '../lib/api-gateway/event.ts';
import { errorResponse, tokenResponse } from '../lib/exchange/token-response.ts';
import { configured } from './wiring/configured.ts';
import { createExchangeDeps } from './wiring/exchange-deps.ts';
import { errorsUrl, httpFunction } from './wiring/http-function.ts';
import type { Answer } from './wiring/http-function.ts';
import { NOWHERE, toFormEvent, warmUp } from './wiring/warm-up.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env, denyTableOf(process.env));
const deps = createExchangeDeps(loaded.config, service, process.env);

await Promise.all([service.prefetch(), warmUp(loaded, process.env, answerOnce)]);

/** Handles a request as this function does. It makes the log lines too, but does not write them. */
function answerOnce(request: TokenRequest, to: ExchangeDeps): Promise<Answer> {
  const handle = httpFunction({
    name: 'token',
    async answer(event) {
      const { audit, ...response } = toAnswer(await exchange(event, to), event);
      JSON.stringify([audit?.({ ...NOWHERE, timestampMs: Date.now() }), process.stdout.writable]);
      return response;
    },
  });
  return handle(toFormEvent(request), {} as Parameters<typeof handle>[1]);
}

function toAnswer(outcome: ExchangeOutcome, event: ApiGatewayEvent): Answer {
  const response = outcome.issued
    ? tokenResponse(outcome.response)
    : errorResponse(outcome.error, errorsUrl(event));
  return { ...response, audit: (origin) => auditLines(outcome, origin) };
}

/** Answers every event, whatever it holds, with 200, 400 or 503. */
export const handler = httpFunction({
  name: 'token',
  configured: loaded,
  answer: async (event) => toAnswer(await exchange(event, deps), event),
  refuse: (error, event) => toAnswer({ issued: false, error, facts: {} }, event),
});
