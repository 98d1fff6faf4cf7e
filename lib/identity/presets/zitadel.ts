import * as v from 'valibot';
import type { JsonObject } from '../../jws/compact.ts';
import { isJsonObject } from '../../jws/compact.ts';
import { filledText, hostName } from '../../options/schemas.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of a ZITADEL instance. */
export interface ZitadelOptions extends ProviderOptions {
  /** The instance's domain: `acme-a1b2c3.zitadel.cloud`. */
  readonly domain: string;
  /** Only roles that the user has in this organization, by its id; left out, in any to which the project was granted. */
  readonly organization?: string;
}

const schema: v.GenericSchema<unknown, ZitadelOptions> = v.strictObject({
  ...providerOptions,
  domain: hostName('acme-a1b2c3.zitadel.cloud'),
  organization: v.exactOptional(filledText),
});

const ROLES = 'urn:zitadel:iam:org:project:roles';

/**
 * A ZITADEL instance. Groups are the roles of the application's project: an object with a member for each role, which names
 * the organizations that the user has it in. `aud` lists all clients of the project, and `azp` says which one it was.
 *
 * @see ZITADEL documentation, "Claims", "Retrieve User Roles"
 */
export const zitadel = defineProvider('zitadel', schema, ({ domain, organization }) => ({
  issuer: `https://${domain}`,
  keys: [`https://${domain}/oauth/v2/keys`],
  groups: organization === undefined ? ROLES : (claims) => rolesIn(organization, claims),
}));

function rolesIn(organization: string, claims: JsonObject): readonly string[] {
  const roles = Object.hasOwn(claims, ROLES) ? claims[ROLES] : undefined;
  if (!isJsonObject(roles)) return [];
  return Object.keys(roles).filter((role) => {
    const organizations = roles[role];
    return isJsonObject(organizations) && Object.hasOwn(organizations, organization);
  });
}
