/** POST /whip/{target}/{room}/{stream}: sends an encoder on to the server. The story is `lib/stream-keys/redirect-encoder.ts`. */

import { SECRETS_OF } from '../lib/config/secrets.ts';
import { auditLines } from '../lib/exchange/audit.ts';
import { exchangeRequest } from '../lib/exchange/exchange.ts';
import { acceptedKey } from '../lib/fleet/probe.ts';
import { digestOf } from '../lib/identity/verified-tokens.ts';
import { newRandomId, systemNow, within } from '../lib/node/system.ts';
import { createOffers } from '../lib/stream-keys/offers.ts';
import { redirectEncoder, type RedirectDeps } from '../lib/stream-keys/redirect-encoder.ts';
import { configured } from './wiring/configured.ts';
import { createExchangeDeps } from './wiring/exchange-deps.ts';
import { httpFunction } from './wiring/http-function.ts';
import { createService } from './wiring/service.ts';
import { denyTableOf } from './wiring/tables.ts';

/** Encoders whose last offer is remembered. */
const REMEMBERED_OFFERS = 1000;

/** How long a node may take to say which token it accepts, in seconds, because an encoder waits for it. */
const NODE_ANSWERS_WITHIN = 2;

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createService(loaded, process.env, denyTableOf(process.env));
const exchangeDeps = createExchangeDeps(loaded.config, service, process.env);
const offers = createOffers(REMEMBERED_OFFERS);
const deps: RedirectDeps = {
  config: loaded.config,
  exchange: (request) => exchangeRequest(request, exchangeDeps),
  newId: newRandomId,
  async offerTo({ streamKey, targetName, target, node }) {
    const ring = await service.ringOf(targetName).get();
    const accepted = acceptedKey(target, node, ring, { now: systemNow, newId: newRandomId });
    const known = await within(accepted, NODE_ANSWERS_WITHIN).catch(() => undefined);
    return offers.next(digestOf(streamKey), systemNow(), known);
  },
};

await service.prefetch(SECRETS_OF.whip);

/** Answers every encoder, whatever it sends, with 204, 307, 401, 403, 404, 405 or 503. */
export const handler = httpFunction({
  name: 'whip',
  configured: loaded,
  async answer(event) {
    const { response, outcome, refused } = await redirectEncoder(event, deps);
    return {
      ...response,
      audit: (origin) => [
        ...(outcome === undefined ? [] : auditLines(outcome, origin)),
        ...(refused === undefined ? [] : [{ event: 'whip.refused', reason: refused }]),
      ],
    };
  },
  refuse: (error) => ({
    statusCode: 503,
    headers: { 'cache-control': 'no-store', 'retry-after': '10' },
    body: '',
    audit: () => [{ event: 'whip.refused', reason: error.reason }],
  }),
});
