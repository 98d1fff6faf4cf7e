import * as v from 'valibot';
import { filledText, hostName, oneOrMore, toArray } from '../../options/schemas.ts';
import { tenantGuid } from './entra.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of an Azure AD B2C tenant. */
export interface B2cOptions extends ProviderOptions {
  /** The tenant's name: `contoso` of `contoso.onmicrosoft.com`. */
  readonly tenant: string;
  /** The tenant's id, a GUID. */
  readonly tenantId: string;
  /** The user flow, or custom policy, that users sign in by, or several: `B2C_1_signin`. */
  readonly policy: string | readonly string[];
  /** A custom domain, if users sign in there; default `TENANT.b2clogin.com`. */
  readonly domain?: string;
}

const schema: v.GenericSchema<unknown, B2cOptions> = v.strictObject({
  ...providerOptions,
  tenant: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9-]+$/, 'must be the tenant’s name alone, such as "contoso"'),
  ),
  tenantId: tenantGuid,
  policy: oneOrMore(filledText),
  domain: v.exactOptional(hostName('login.contoso.com')),
});

/**
 * An Azure AD B2C tenant. Each policy has keys at an address of its own, and may name itself in the issuer. Tokens of other
 * policies of the same application are refused: they may ask for less. There are no groups unless a policy adds a claim.
 *
 * @see Azure AD B2C documentation, "Overview of tokens", "Configure tokens"
 */
export const b2c = defineProvider('b2c', schema, ({ tenant, tenantId, policy, domain }) => {
  const host = `https://${domain ?? `${tenant.toLowerCase()}.b2clogin.com`}`;
  const policies = toArray(policy).map((name) => name.toLowerCase());
  return {
    issuer: `${host}/${tenantId}/v2.0/`,
    alsoIssuers: policies.map((name) => `${host}/tfp/${tenantId}/${name}/v2.0/`),
    keys: policies.map((name) => `${host}/${tenant}.onmicrosoft.com/${name}/discovery/v2.0/keys`),
    accessClaims: ['scp'],
    refuses({ tfp, acr }) {
      const used = tfp ?? acr;
      return typeof used === 'string' && policies.includes(used.toLowerCase())
        ? undefined
        : 'subject_token_wrong_tenant';
    },
  };
});
