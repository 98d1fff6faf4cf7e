/** POST /livekit/token: tokens for LiveKit's SDKs. The story is `lib/exchange/livekit-token-source.ts`; this wires it. */

import type { ApiGatewayEvent } from '../lib/api-gateway/event.ts';
import { SECRETS_OF } from '../lib/config/secrets.ts';
import { auditLines } from '../lib/exchange/audit.ts';
import { exchangeRequest } from '../lib/exchange/exchange.ts';
import { exchangeForLivekit, livekitResponse } from '../lib/exchange/livekit-token-source.ts';
import type { LivekitOutcome, LivekitTokenSourceDeps } from '../lib/exchange/livekit-token-source.ts';
import { configured } from './wiring/configured.ts';
import { createExchangeDeps } from './wiring/exchange-deps.ts';
import { errorsUrl, httpFunction } from './wiring/http-function.ts';
import type { Answer } from './wiring/http-function.ts';
import { createService } from './wiring/service.ts';
import { denyTableOf } from './wiring/tables.ts';
import { warmUp } from './wiring/warm-up.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env, denyTableOf(process.env));
const exchangeDeps = createExchangeDeps(loaded.config, service, process.env);
const deps: LivekitTokenSourceDeps = {
  config: loaded.config,
  exchange: (request) => exchangeRequest(request, exchangeDeps),
};

await Promise.all([service.prefetch(SECRETS_OF.livekit), warmUp(loaded, process.env)]);

function toAnswer(outcome: LivekitOutcome, event: ApiGatewayEvent): Answer {
  return {
    ...livekitResponse(outcome, errorsUrl(event)),
    audit: (origin) => auditLines(outcome, origin),
  };
}

/** Answers every event, whatever it holds, with 201, 400, 401, 403, 404, 405, 413, 429 or 503. */
export const handler = httpFunction({
  name: 'livekit',
  configured: loaded,
  answer: async (event) => toAnswer(await exchangeForLivekit(event, deps), event),
  refuse: (error, event) => toAnswer({ issued: false, error, facts: {} }, event),
});
