/**
 * GET /.well-known/oauth-authorization-server: the metadata by which a standard client discovers this service (RFC 8414), and
 * GET /errors: the page that each refusal's `error_uri` points to.
 */

import { errorsPage } from '../lib/oauth/errors-page.ts';
import { jsonResponse, publicUrlOf, routePathOf } from '../lib/api-gateway/event.ts';
import { serverMetadata } from '../lib/oauth/server-metadata.ts';
import errorsMarkdown from '../docs/errors.md';
import { configured } from './wiring/configured.ts';
import { httpFunction } from './wiring/http-function.ts';

const errors = errorsPage(errorsMarkdown);
const { config } = await configured(() => import('../streampass.config.ts'), process.env);
const actions = Object.values(config.targets).flatMap((target) => target.actions);

/** `GET /.well-known/oauth-authorization-server` (RFC 8414 §3), and `GET /errors`, which every refusal points to. */
export const handler = httpFunction({
  name: 'metadata',
  answer(event) {
    if (routePathOf(event) === '/errors') return errors;
    const metadata = serverMetadata(publicUrlOf(event, process.env['PUBLIC_URL']), actions);
    return jsonResponse(200, metadata, { 'cache-control': 'public, max-age=3600' });
  },
});
