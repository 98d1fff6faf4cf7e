import * as v from 'valibot';
import { filledText, issuerAddress, toArray } from '../../options/schemas.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of a Keycloak realm. */
export interface KeycloakOptions extends ProviderOptions {
  /** The address of the server, with `/auth` at its end up to version 16: `https://id.example.com`. */
  readonly url: string;
  readonly realm: string;
}

const schema: v.GenericSchema<unknown, KeycloakOptions> = v.strictObject({
  ...providerOptions,
  url: v.pipe(
    issuerAddress,
    v.check((url) => !url.includes('/realms/'), 'must be the server’s address, without /realms/…'),
  ),
  realm: filledText,
});

/**
 * One realm of a Keycloak server. Groups are in `groups`, if a mapper puts them there, and so are the user's realm roles and
 * their roles of these clients. Access and refresh tokens say what they are in the claim `typ`, and are refused.
 *
 * @see Keycloak Server Administration Guide, "OIDC token and SAML assertion mappings"; Securing Applications Guide, "OpenID
 *   Connect"
 */
export const keycloak = defineProvider('keycloak', schema, ({ url, realm, clientId }) => {
  const issuer = `${url.replace(/\/$/, '')}/realms/${encodeURIComponent(realm)}`;
  return {
    issuer,
    keys: [`${issuer}/protocol/openid-connect/certs`],
    groups: ['groups', 'realm_access.roles', ...toArray(clientId).map((id) => `resource_access.${id}.roles`)],
  };
});
