import type { JsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { filledText, issuerAddress, oneOrMore, toArray } from '../../options/schemas.ts';
import { defineIssuer, type TokenKind } from '../issuer.ts';
import { kindByHeader, stringsOf } from './oidc.ts';

/** Where Entra ID says what a person belongs to. */
export type EntraGroupSource = 'groups' | 'roles';

/** Options of one Microsoft Entra ID tenant. */
export interface EntraOptions {
  /** The tenant's id, a GUID; `common` and `organizations` stand for every tenant and are no issuer. */
  readonly tenantId: string;
  /** The application (client) id, or ids. */
  readonly clientId: string | readonly string[];
  /** The endpoint that the application signs in at, which decides the issuer; default 2. */
  readonly version?: 1 | 2;
  /**
   * Which claims groups are taken from; default both. Without `groups`, a token from which Entra ID left the groups out is
   * accepted, since nothing depends on them.
   */
  readonly groupsFrom?: readonly EntraGroupSource[];
  /** A national cloud, or a tenant of Entra External ID; default `https://login.microsoftonline.com`. */
  readonly authority?: string;
}

const PUBLIC_AUTHORITY = 'https://login.microsoftonline.com';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const schema: v.GenericSchema<unknown, EntraOptions> = v.pipe(
  v.strictObject({
    tenantId: v.pipe(
      v.string(),
      v.regex(GUID, 'must be the tenant’s GUID in lower case, as in the claim tid'),
    ),
    clientId: oneOrMore(filledText),
    version: v.exactOptional(v.picklist([1, 2])),
    groupsFrom: v.exactOptional(v.array(v.picklist(['groups', 'roles']))),
    authority: v.exactOptional(
      v.pipe(
        issuerAddress,
        v.check(
          (address) => URL.parse(address)?.pathname === '/',
          'must be the authority alone, such as "https://contoso.ciamlogin.com": leave out the tenant and /v2.0',
        ),
      ),
    ),
  }),
  v.forward(
    v.check(
      ({ version, authority }) =>
        version !== 1 || authority === undefined || authority.replace(/\/$/, '') === PUBLIC_AUTHORITY,
      'must be 2 with an authority of its own',
    ),
    ['version'],
  ),
);

/**
 * One Microsoft Entra ID tenant. The groups of a person are the GUIDs in `groups` and the values of the app roles in
 * `roles`; names in `groups` count for nothing, since whoever may create a group chooses its name. A person in too many
 * groups has a token without them (`_claim_names`, or `hasgroups`), which is refused: no rule could be told to hold.
 *
 * Access tokens are of type `JWT` like ID tokens, and may even be meant for the same application; `scp`, `azpacr` or
 * `appidacr`, which no ID token has, tells them apart.
 *
 * @see Microsoft identity platform, "ID token claims reference", "Access token claims reference", "OpenID Connect on the
 *   Microsoft identity platform", "Configure groups optional claims"
 */
export const entra = defineIssuer('entra', schema, (options) => {
  const version = options.version ?? 2;
  const authority = (options.authority ?? PUBLIC_AUTHORITY).replace(/\/$/, '');
  const sources = options.groupsFrom ?? ['groups', 'roles'];
  const { tenantId } = options;
  const issuer = version === 2 ? `${authority}/${tenantId}/v2.0` : `https://sts.windows.net/${tenantId}/`;
  return {
    issuer,
    audience: toArray(options.clientId),
    jwksUri: `${authority}/${tenantId}/discovery/${version === 2 ? 'v2.0/' : ''}keys`,
    exchanges: ['id_token'],
    kindOf: entraKind,
    audienceClaim: () => 'aud',
    groupsOf: (claims) => [
      ...(sources.includes('groups') ? stringsOf(claims, 'groups').filter((id) => GUID.test(id)) : []),
      ...(sources.includes('roles') ? stringsOf(claims, 'roles') : []),
    ],
    refuses(claims) {
      if (claims['tid'] !== tenantId) return 'subject_token_wrong_tenant';
      return sources.includes('groups') && groupsLeftOut(claims) ? 'subject_token_groups_overage' : undefined;
    },
  };
});

function entraKind(header: JsonObject, claims: JsonObject): TokenKind {
  const saysAccess = ['scp', 'azpacr', 'appidacr'].some((name) => Object.hasOwn(claims, name));
  return saysAccess ? 'access_token' : kindByHeader(header);
}

/** OpenID Connect Core 1.0 §5.6.2: `_claim_names` says which claims are elsewhere; `hasgroups` is Entra ID's short form. */
function groupsLeftOut(claims: JsonObject): boolean {
  const elsewhere = claims['_claim_names'];
  const distributed =
    typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, 'groups');
  return distributed || claims['hasgroups'] === true || claims['hasgroups'] === 'true';
}
