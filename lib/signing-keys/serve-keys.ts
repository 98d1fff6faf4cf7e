import { jsonResponse } from '../api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import { cachedResponse } from '../api-gateway/cached-response.ts';
import type { LiveKeys } from './live-keys.ts';
import { PUBLIC_KEY_MAX_AGE } from './max-age.ts';
import type { Target } from '../media-servers/target.ts';
import { findJwk, findPem, toKeySet, toPublicKeys } from './key-set.ts';

/** A target whose servers fetch public keys, and its live keys. */
export interface PublishedTarget {
  readonly target: Pick<Target, 'header'>;
  readonly keys: LiveKeys;
}

/**
 * Answers for the key set, and for the one key that `{file}` of the path names. All keys or none: if the set lacked a
 * target's keys for a while, its servers would forget them.
 *
 * @throws {OAuthError} `secret_unavailable`
 */
export async function serveKeys(
  event: ApiGatewayEvent,
  targets: readonly PublishedTarget[],
): Promise<ApiGatewayResponse> {
  const published = await Promise.all(
    targets.map(async ({ target, keys }) => toPublicKeys((await keys.get()).keys, target.header?.['kid'])),
  );
  const maxAgeSeconds = PUBLIC_KEY_MAX_AGE;
  const file = event.pathParameters?.['file'];
  if (file === undefined) {
    const body = JSON.stringify(await toKeySet(published.flat()));
    return cachedResponse(event, { contentType: 'application/jwk-set+json', body, maxAgeSeconds });
  }
  const pem = await findPem(published.flat(), file);
  if (pem !== undefined) {
    return cachedResponse(event, { contentType: 'application/x-pem-file', body: pem, maxAgeSeconds });
  }
  const jwk = await findJwk(published.flat(), file);
  if (jwk !== undefined) {
    return cachedResponse(event, { contentType: 'application/jwk+json', body: jwk, maxAgeSeconds });
  }
  return jsonResponse(404, {
    error: 'not_found',
    error_description:
      'No key has this name: it is a kid and .jwk, or the SHA-256 of a kid in lower-case hex and .pem.',
  });
}
