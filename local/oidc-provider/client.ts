import type { ClientMetadata } from 'oidc-provider';
import type { SigningAlgorithm } from './signing-keys.ts';

/** The client id of the demo page and the command line, and so the `aud` of their ID tokens. */
export const demoClientId = 'streampass-demo';

/** A service of the local stack, by the client-credentials grant: not secret, like the users' sign-in. */
export const localService = { clientId: 'streampass-service', secret: 'nothing-local-is-secret' };

/** What a service's tokens are for: the `resource` that it asks for, and the `aud` of its tokens (RFC 8707). */
export const serviceAudience = 'https://streampass.example';

/** Where the demo page is served. */
const demoOrigin = 'http://localhost:3003';

/**
 * The command line's redirect URI (RFC 8252 §7.3). Nothing listens there: `signIn` reads the code from the
 * redirect and does not follow it.
 */
export const commandLineRedirectUri = 'http://127.0.0.1/id-token';

/** The options of the demo's client, for tests. */
interface DemoClientOptions {
  /** default `streampass-demo` */
  readonly clientId?: string;
  /** origin of the page that signs in · default `http://localhost:3003` · may call the token endpoint (CORS) */
  readonly origin?: string;
  /** default RS256 */
  readonly idTokenAlgorithm?: SigningAlgorithm;
}

/**
 * A public client (no secret, so PKCE is required) which the demo page, pages that are developed on this machine and the
 * command line share. Beside the addresses that it registers, the provider redirects to any other on loopback.
 */
export function demoClient({
  clientId = demoClientId,
  origin = demoOrigin,
  idTokenAlgorithm = 'RS256',
}: DemoClientOptions = {}): ClientMetadata {
  return {
    client_id: clientId,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [`${origin}/`, `${origin}/callback`, commandLineRedirectUri],
    post_logout_redirect_uris: [`${origin}/`],
    id_token_signed_response_alg: idTokenAlgorithm,
  };
}

/** The client of `localService`. Its tokens are JWTs (RFC 9068). */
export function serviceClient(): ClientMetadata {
  return {
    client_id: localService.clientId,
    client_secret: localService.secret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  };
}
