import * as v from 'valibot';
import { hostName, oneOrMore, toArray } from '../../options/schemas.ts';
import { toGroupSources } from '../groups.ts';
import type { Groups } from '../groups.ts';
import { defineProvider, groupsOption, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of an Auth0 tenant. */
export interface Auth0Options extends ProviderOptions {
  /** The tenant's domain, or its custom domain, as in its tokens: `tenant.eu.auth0.com`. */
  readonly domain: string;
  /**
   * The claim that an Action puts groups or roles into, such as `https://example.com/groups`: Auth0 sends none of its own,
   * and keeps the plain names for itself. Left out, nobody has a group.
   */
  readonly groups?: Groups;
  /** `groups` by the name it once had. */
  readonly groupsClaim?: Groups;
  /** Ids of the organizations whose members may come, `org_…`; left out, any and none. */
  readonly organization?: string | readonly string[];
}

/** Names that Auth0 does not let an Action set, so that a rule on them could never match. */
const RESERVED_CLAIMS = ['groups', 'roles', 'permissions'];

const settableGroups = v.pipe(
  groupsOption,
  v.check(
    (groups) =>
      toGroupSources(groups).every(
        (source) => typeof source === 'function' || !RESERVED_CLAIMS.includes(source.claim),
      ),
    'is a name that Auth0 reserves: name the claim that your Action sets, such as "https://example.com/groups"',
  ),
);

const schema: v.GenericSchema<unknown, Auth0Options> = v.strictObject({
  ...providerOptions,
  domain: hostName('tenant.eu.auth0.com'),
  groups: v.exactOptional(settableGroups),
  groupsClaim: v.exactOptional(settableGroups),
  organization: v.exactOptional(
    oneOrMore(
      v.pipe(
        v.string(),
        v.regex(/^org_[A-Za-z0-9]+$/, 'must be an organization’s id, which begins with "org_"'),
      ),
    ),
  ),
});

/**
 * An Auth0 tenant. Its issuer ends in a slash; ID tokens name the application in `aud`. Access tokens are of type `JWT` like
 * ID tokens unless the tenant chose the profile of RFC 9068: `scope` or `gty`, which no ID token has, tells them apart.
 *
 * @see Auth0 documentation, "ID Token Structure", "Access Token Profiles", "Create Custom Claims", "Work with Tokens and
 *   Organizations", "Locate JSON Web Key Sets"
 */
export const auth0 = defineProvider('auth0', schema, ({ domain, groupsClaim, organization }) => ({
  issuer: `https://${domain}/`,
  keys: [`https://${domain}/.well-known/jwks.json`],
  ...(groupsClaim !== undefined && { groups: groupsClaim }),
  accessClaims: ['scope', 'gty'],
  ...(organization !== undefined && {
    refuses: (claims) =>
      toArray(organization).some((id) => claims['org_id'] === id) ? undefined : 'subject_token_wrong_tenant',
  }),
}));
