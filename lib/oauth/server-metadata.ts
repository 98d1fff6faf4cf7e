import { VERSION } from '../version.ts';
import { TOKEN_EXCHANGE_GRANT } from './token-exchange.ts';

/** Authorization server metadata (RFC 8414 §2), in its wire spelling. */
export interface ServerMetadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly jwks_uri: string;
  readonly introspection_endpoint: string;
  readonly grant_types_supported: readonly string[];
  readonly response_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly service_documentation: string;
  /** Of this service; not a member of RFC 8414, which allows others. */
  readonly version: string;
}

/**
 * The metadata by which a standard client discovers this service. It has no response type, because there is no authorization
 * endpoint, and no client authentication, because clients are public.
 *
 * @param publicUrl the address of the API, without a slash at its end
 * @param actions every action of the configured targets
 */
export function serverMetadata(publicUrl: string, actions: readonly string[]): ServerMetadata {
  return {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/token`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    introspection_endpoint: `${publicUrl}/introspect`,
    grant_types_supported: [TOKEN_EXCHANGE_GRANT],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
    scopes_supported: [...new Set(actions)],
    service_documentation: `${publicUrl}/errors`,
    version: VERSION,
  };
}
