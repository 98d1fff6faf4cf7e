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
  const { typ } = header;
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  const isOther = Object.hasOwn(claims, 'events') || (claims['typ'] !== undefined && claims['typ'] !== 'ID');
  return isOther ? undefined : KINDS.get(type);
}
