/** GET /.well-known/jwks.json and GET /asap/{file}: the public keys of the targets that sign asymmetrically. */

import middy from '@middy/core';
import { describeError, writeLine } from '../lib/node/log.ts';
import { createLiveKeysOf, keyTargets } from './wiring/target-keys.ts';
import { answerErrors } from '../lib/api-gateway/answer-errors.ts';
import { errorsUrlOf } from '../lib/api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { serveKeys } from '../lib/signing-keys/serve-keys.ts';
import { configured } from './wiring/configured.ts';

const { config } = await configured(() => import('../streampass.config.ts'), process.env);
const targets = keyTargets(config, createLiveKeysOf(config, process.env)).filter(
  ({ target }) => target.keys === 'jwks',
);

/** `GET /.well-known/jwks.json` and `GET /asap/{file}`: the keys of the targets whose servers fetch them. */
export const handler = middy<ApiGatewayEvent, ApiGatewayResponse>()
  .use(
    answerErrors(
      (event) => errorsUrlOf(event, process.env['PUBLIC_URL']),
      (error) => writeLine({ event: 'keys.defect', ...describeError(error) }),
    ),
  )
  .handler((event: ApiGatewayEvent) => serveKeys(event, targets));
