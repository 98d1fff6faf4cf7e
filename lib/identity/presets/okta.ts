import * as v from 'valibot';
import { hostName, toArray } from '../../options/schemas.ts';
import type { Groups } from '../groups.ts';
import { defineProvider, groupsOption, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of an Okta organization. */
export interface OktaOptions extends ProviderOptions {
  /** The organization's domain, or its custom domain, as in its tokens: `example.okta.com`. */
  readonly domain: string;
  /** The id of a custom authorization server, such as `default` or `aus…`; left out, the organization's own server. */
  readonly authorizationServer?: string;
  /** `groups` by the name it once had. */
  readonly groupsClaim?: Groups;
  /** Whether the application signs with a key of its own, which only its own address shows; default no. */
  readonly pinnedKeys?: boolean;
}

const schema: v.GenericSchema<unknown, OktaOptions> = v.strictObject({
  ...providerOptions,
  domain: hostName('example.okta.com'),
  authorizationServer: v.exactOptional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{1,64}$/, 'must be an id such as "default", not an address')),
  ),
  groupsClaim: v.exactOptional(groupsOption),
  pinnedKeys: v.exactOptional(v.boolean()),
});

/**
 * An Okta organization's own authorization server, whose issuer is the bare domain, or a custom one under `/oauth2/`. ID
 * tokens alone are exchanged: the access tokens of the organization's server are for Okta's own APIs. Okta's access tokens
 * are known by `cid` and `scp`, which no ID token has.
 *
 * @see Okta Developer, "Authorization servers", "OpenID Connect & OAuth 2.0 API", "Key rotation", "Customize tokens returned
 *   from Okta with a Groups claim"
 */
export const okta = defineProvider('okta', schema, (options) => {
  const { domain, authorizationServer, clientId, pinnedKeys = false, groupsClaim } = options;
  const issuer = `https://${domain}${authorizationServer === undefined ? '' : `/oauth2/${authorizationServer}`}`;
  const keys = `${issuer}${authorizationServer === undefined ? '/oauth2' : ''}/v1/keys`;
  return {
    issuer,
    keys: pinnedKeys ? toArray(clientId).map((id) => `${keys}?client_id=${encodeURIComponent(id)}`) : [keys],
    groups: groupsClaim ?? 'groups',
    accessClaims: ['cid', 'scp'],
  };
});
