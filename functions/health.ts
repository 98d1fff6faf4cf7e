/** GET /health: 200 when a token could be issued now, 503 with the reason otherwise. */

import middy from '@middy/core';
import { describeError, writeLine } from '../lib/node/log.ts';
import { createService } from './wiring/service.ts';
import { answerErrors } from '../lib/api-gateway/answer-errors.ts';
import { jsonResponse } from '../lib/api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { checkHealth } from '../lib/exchange/health.ts';
import { configured } from './wiring/configured.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env);
await service.prefetch();

async function health(): Promise<ApiGatewayResponse> {
  service.assertConfigured();
  const error = await checkHealth(service.health);
  if (error !== undefined) throw error;
  return jsonResponse(200, { status: 'ok' });
}

/** `GET /health`: 200 where a token could be issued now from every issuer for every target, else 503 and the reason. */
export const handler = middy<ApiGatewayEvent, ApiGatewayResponse>()
  .use(
    answerErrors(service.errorsUrl, (error) =>
      writeLine({ event: 'health.defect', ...describeError(error) }),
    ),
  )
  .handler(health);
