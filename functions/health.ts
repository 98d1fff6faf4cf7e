/** GET /health: 200 if a token could be issued now, else 503 with the reason. */

import { createService } from './wiring/service.ts';
import { jsonResponse } from '../lib/api-gateway/event.ts';
import { checkHealth } from '../lib/exchange/health.ts';
import { configured } from './wiring/configured.ts';
import { httpFunction } from './wiring/http-function.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env);
// Checked before the first request, so that the request need not wait.
await checkHealth(service.health);

/** `GET /health`: 200 if a token could be issued now from every issuer for every target, else 503 and the reason. */
export const handler = httpFunction({
  name: 'health',
  configured: loaded,
  async answer() {
    const error = await checkHealth(service.health);
    if (error !== undefined) throw error;
    return jsonResponse(200, { status: 'ok' });
  },
});
