import { createHash } from 'node:crypto';
import { headerOf } from './event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from './event.ts';

/** What is served, and for how long a cache may keep it. */
export interface Cacheable {
  readonly contentType: string;
  readonly body: string;
  readonly maxAgeSeconds: number;
}

/**
 * 200 with an `etag`, or 304 without a body if the client already has the same body (RFC 9110 §13.1.2). In both cases its copy
 * is good for another `maxAgeSeconds`.
 */
export function cachedResponse(
  event: ApiGatewayEvent,
  { contentType, body, maxAgeSeconds }: Cacheable,
): ApiGatewayResponse {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = { etag, 'cache-control': `public, max-age=${maxAgeSeconds}` };
  if (isAmong(headerOf(event, 'if-none-match'), etag)) return { statusCode: 304, headers, body: '' };
  return { statusCode: 200, headers: { ...headers, 'content-type': contentType }, body };
}

/** Compares as `If-None-Match` requires: by the weak comparison of RFC 9110 §8.8.3.2. */
function isAmong(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}
