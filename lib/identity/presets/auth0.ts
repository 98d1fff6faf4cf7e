import type { JsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { filledText, hostName, oneOrMore, toArray } from '../../options/schemas.ts';
import { defineIssuer, type TokenKind } from '../issuer.ts';
import { kindByHeader, stringsOf } from './oidc.ts';

/** Options of an Auth0 tenant. */
export interface Auth0Options {
  /** The tenant's domain, or its custom domain, as in its tokens: `tenant.eu.auth0.com`. */
  readonly domain: string;
  /** The application's client id, or ids. */
  readonly clientId: string | readonly string[];
  /**
   * The claim that an Action puts groups or roles into, such as `https://example.com/groups`: Auth0 sends none of its own,
   * and keeps the plain names for itself. Left out, nobody has a group.
   */
  readonly groupsClaim?: string;
  /** Ids of the organizations whose members may come, `org_…`; left out, any and none. */
  readonly organization?: string | readonly string[];
}

/** Names that Auth0 does not let an Action set, so that a rule on them could never match. */
const RESERVED_CLAIMS = ['groups', 'roles', 'permissions'];

const schema: v.GenericSchema<unknown, Auth0Options> = v.strictObject({
  domain: hostName('tenant.eu.auth0.com'),
  clientId: oneOrMore(filledText),
  groupsClaim: v.exactOptional(
    v.pipe(
      v.string(),
      v.check(
        (name) => !RESERVED_CLAIMS.includes(name),
        'is a name that Auth0 reserves: name the claim that your Action sets, such as "https://example.com/groups"',
      ),
    ),
  ),
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
export const auth0 = defineIssuer('auth0', schema, (options) => {
  const issuer = `https://${options.domain}/`;
  const organizations = options.organization === undefined ? undefined : toArray(options.organization);
  return {
    issuer,
    audience: toArray(options.clientId),
    jwksUri: `${issuer}.well-known/jwks.json`,
    exchanges: ['id_token'],
    kindOf: auth0Kind,
    audienceClaim: () => 'aud',
    groupsOf: (claims) => (options.groupsClaim === undefined ? [] : stringsOf(claims, options.groupsClaim)),
    refuses: (claims) =>
      organizations === undefined || organizations.some((id) => claims['org_id'] === id)
        ? undefined
        : 'subject_token_wrong_tenant',
  };
});

function auth0Kind(header: JsonObject, claims: JsonObject): TokenKind {
  return Object.hasOwn(claims, 'scope') || Object.hasOwn(claims, 'gty')
    ? 'access_token'
    : kindByHeader(header);
}
