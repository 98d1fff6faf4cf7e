/**
 * GET /.well-known/oauth-authorization-server: what a standard client discovers this service by (RFC 8414), and GET /errors:
 * the page that each refusal's `error_uri` points to.
 */

import middy from '@middy/core';
import { describeError, writeLine } from '../lib/node/log.ts';
import { answerErrors } from '../lib/api-gateway/answer-errors.ts';
import { errorsPage } from '../lib/oauth/errors-page.ts';
import { errorsUrlOf, jsonResponse, publicUrlOf, routePathOf } from '../lib/api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { serverMetadata } from '../lib/oauth/server-metadata.ts';
import errorsMarkdown from '../docs/errors.md';
import { configured } from './wiring/configured.ts';

const errors = errorsPage(errorsMarkdown);
const { config } = await configured(() => import('../streampass.config.ts'), process.env);
const actions = Object.values(config.targets).flatMap((target) => target.actions);

function urlOf(event: ApiGatewayEvent): string {
  return publicUrlOf(event, process.env['PUBLIC_URL']);
}

function metadata(event: ApiGatewayEvent): ApiGatewayResponse {
  if (routePathOf(event) === '/errors') return errors;
  return jsonResponse(200, serverMetadata(urlOf(event), actions), {
    'cache-control': 'public, max-age=3600',
  });
}

/** `GET /.well-known/oauth-authorization-server` (RFC 8414 §3), and `GET /errors`, which every refusal points to. */
export const handler = middy<ApiGatewayEvent, ApiGatewayResponse>()
  .use(
    answerErrors(
      (event) => errorsUrlOf(event, process.env['PUBLIC_URL']),
      (error) => writeLine({ event: 'metadata.defect', ...describeError(error) }),
    ),
  )
  .handler(metadata);
