import type { JsonObject } from '../jws/compact.ts';
import type { TokenKind } from './issuer.ts';

/** By header `typ`, in lower case and without `application/`. */
const KINDS: ReadonlyMap<unknown, TokenKind> = new Map([
  [undefined, 'id_token'],
  ['jwt', 'id_token'],
  ['id_token+jwt', 'id_token'],
  ['at+jwt', 'access_token'],
]);

/**
 * What a token says it is, or `undefined` if it is neither an ID token nor an access token: a logout token, a security event,
 * a DPoP proof, a refresh token. OpenID Connect gives ID tokens no type, so one that says nothing is an ID token.
 *
 * @see RFC 9068 §2.1 (`at+jwt`), RFC 7515 §4.1.9 (`typ` is a media type), RFC 8417 §2.2 (`events`); Keycloak's claim `typ`
 */
export function tokenKind(header: JsonObject, claims: JsonObject): TokenKind | undefined {
  const isOther = Object.hasOwn(claims, 'events') || (claims['typ'] !== undefined && claims['typ'] !== 'ID');
  return isOther ? undefined : KINDS.get(typeOf(header));
}

/** Whether a token that stands for a service can be an access token. Most providers type these like ID tokens; Keycloak says `Bearer`. */
export function isBearerToken(header: JsonObject, claims: JsonObject): boolean {
  const isOther =
    Object.hasOwn(claims, 'events') || (claims['typ'] !== undefined && claims['typ'] !== 'Bearer');
  return !isOther && KINDS.has(typeOf(header));
}

function typeOf({ typ }: JsonObject): unknown {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
}
