import { createHash, timingSafeEqual } from 'node:crypto';
import { headerOf } from '../api-gateway/event.ts';
import type { ApiGatewayEvent } from '../api-gateway/event.ts';
import type { SigningKey } from '../jws/sign.ts';

/**
 * Whether a request comes from a server of ours: whether it shows the callers' secret, under either of its live versions, in
 * one of the ways in which a server can be told to send it. Without a secret, nobody does.
 */
export function isKnownCaller(event: ApiGatewayEvent, secrets: readonly SigningKey[]): boolean {
  const known = secrets.flatMap((secret) =>
    'key' in secret && secret.alg === 'HS256' ? [digest(secret.key.export())] : [],
  );
  return offeredSecrets(event)
    .map(digest)
    .some((offered) => known.some((secret) => timingSafeEqual(secret, offered)));
}

function digest(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * `Authorization` (Bearer, or Basic with the secret as password: RFC 6749 §2.3.1), `X-API-Key`, and, for servers that can be
 * given an address and nothing else, the query parameter `key` or a part of the path.
 */
function offeredSecrets(event: ApiGatewayEvent): readonly string[] {
  const [, scheme = '', credentials = ''] =
    /^(bearer|basic) +([^ ]+)$/i.exec(headerOf(event, 'authorization') ?? '') ?? [];
  const [, ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  const offered = [
    scheme.toLowerCase() === 'basic' ? password.join(':') : credentials,
    headerOf(event, 'x-api-key'),
    event.queryStringParameters?.['key'],
    event.pathParameters?.['key'],
  ];
  return offered.filter((secret): secret is string => typeof secret === 'string' && secret !== '');
}
