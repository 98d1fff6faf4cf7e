import type { JsonObject } from '../jws/compact.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { SubjectTokenType } from '../oauth/token-exchange.ts';
import { isBearerToken } from './token-kind.ts';

/**
 * Tokens that a service gets for itself, by the client-credentials grant (RFC 6749 §4.4). No user stands behind them, so no
 * rule for users may match them, and no rule for services a user.
 */

/** Which services of a provider may exchange their tokens. */
export interface Services {
  /** Their client ids. */
  readonly clientIds: readonly string[];
  /** What `aud` must name, one of these; `undefined` for a provider whose access tokens have no `aud`. */
  readonly audience: readonly string[] | undefined;
}

/** Where providers say which client a token was issued to: RFC 9068 §2.2, OpenID Connect, Okta, Entra ID v1.0. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'];

/**
 * Whether a token stands for a service, by one of the marks that providers set. Tokens of users have none of these.
 *
 * - `sub` is the client itself: Cognito, Okta, every provider that follows RFC 9068 §2.2, and service accounts of Google
 * - Auth0: `gty` is `client-credentials`, and `sub` ends in `@clients`
 * - Entra ID: `idtyp` is `app`
 * - Keycloak, authentik: the user is one that was made for the client, and is named after it
 *
 * @see Auth0, "Client Credentials Flow"; Microsoft identity platform, "Optional claims reference"; Keycloak, "Using a service
 *   account"; authentik, "Machine-to-machine authentication"
 */
export function isServiceToken(claims: JsonObject): boolean {
  const { sub, gty, idtyp, preferred_username: name } = claims;
  const clients = clientsOf(claims);
  return (
    (sub !== undefined && clients.includes(sub)) ||
    (typeof sub === 'string' && sub.endsWith('@clients')) ||
    gty === 'client-credentials' ||
    idtyp === 'app' ||
    (typeof name === 'string' &&
      (/^ak-.*-client_credentials$/.test(name) ||
        clients.some((client) => name === `service-account-${String(client).toLowerCase()}`)))
  );
}

/**
 * Checks what sets a service's token apart from a user's: that it is an access token, of a service that is named, for an
 * audience of ours. Call it only if `isServiceToken`, or the provider's own mark, says so.
 *
 * @param services those that are named; `undefined` if the provider's services may exchange nothing
 * @throws {OAuthError} `subject_token_type_mismatch`, `subject_token_audience`
 */
export function checkServiceToken(
  services: Services | undefined,
  header: JsonObject,
  claims: JsonObject,
  declared: SubjectTokenType,
): void {
  if (services === undefined || declared === 'id_token' || !isBearerToken(header, claims)) {
    throw new OAuthError('subject_token_type_mismatch');
  }
  const { clientIds, audience } = services;
  const clients = clientsOf(claims);
  const isNamed = clients.length > 0 && clients.every((client) => isOneOf(clientIds, client));
  const isForUs = audience === undefined || [claims['aud']].flat().some((aud) => isOneOf(audience, aud));
  if (!isNamed || !isForUs) throw new OAuthError('subject_token_audience');
}

function clientsOf(claims: JsonObject): readonly unknown[] {
  return CLIENT_CLAIMS.filter((name) => Object.hasOwn(claims, name)).map((name) => claims[name]);
}

function isOneOf(ids: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && ids.includes(value);
}
