import * as v from 'valibot';
import type { JsonObject } from '../../jws/compact.ts';
import { isJsonObject } from '../../jws/compact.ts';
import { issuerAddress, toArray } from '../../options/schemas.ts';
import { toGroupSources } from '../groups.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of one Microsoft Entra ID tenant. */
export interface EntraOptions extends ProviderOptions {
  /** The tenant's id, a GUID; `common` and `organizations` stand for every tenant and are not issuers. */
  readonly tenantId: string;
  /** The endpoint that the application signs in at, which decides the issuer; default 2. */
  readonly version?: 1 | 2;
  /**
   * A national cloud (`https://login.microsoftonline.us`), or a tenant of Entra External ID
   * (`https://contoso.ciamlogin.com`); default `https://login.microsoftonline.com`.
   */
  readonly authority?: string;
}

const PUBLIC_AUTHORITY = 'https://login.microsoftonline.com';
const DEFAULT_GROUPS = ['groups', 'roles'];
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A tenant's id. */
export const tenantGuid = v.pipe(
  v.string(),
  v.regex(GUID, 'must be the tenant’s GUID in lower case, as in the claim tid'),
);

const schema: v.GenericSchema<unknown, EntraOptions> = v.pipe(
  v.strictObject({
    ...providerOptions,
    tenantId: tenantGuid,
    version: v.exactOptional(v.picklist([1, 2])),
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
 * One Microsoft Entra ID tenant. The groups of a user are the GUIDs in `groups` and the values of the app roles in `roles`.
 * Names in `groups` count for nothing, because everybody who may create a group chooses its name. A user in too many groups has a
 * token without them (`_claim_names`, or `hasgroups`), which is refused if groups are read from there.
 *
 * Access tokens are of type `JWT` like ID tokens, and may even be meant for the same application; `scp`, `azpacr` or
 * `appidacr`, which no ID token has, tells them apart. Keys are asked for by application, since one may have its own.
 *
 * @see Microsoft identity platform, "ID token claims reference", "Access token claims reference", "OpenID Connect on the
 *   Microsoft identity platform", "Configure groups optional claims"
 */
export const entra = defineProvider('entra', schema, (options) => {
  const { tenantId, version = 2, clientId, groups = DEFAULT_GROUPS } = options;
  const authority = (options.authority ?? PUBLIC_AUTHORITY).replace(/\/$/, '');
  const keys = `${authority}/${tenantId}/discovery/${version === 2 ? 'v2.0/' : ''}keys`;
  const readsGroups = toGroupSources(groups).some(
    (source) => typeof source !== 'function' && source.claim === 'groups',
  );
  return {
    issuer:
      version === 1
        ? `https://sts.windows.net/${tenantId}/`
        : `${issuingHost(authority, tenantId)}/${tenantId}/v2.0`,
    keys: toArray(clientId).map((id) => `${keys}?appid=${encodeURIComponent(id)}`),
    groups: DEFAULT_GROUPS,
    forms: { groups: GUID },
    accessClaims: ['scp', 'azpacr', 'appidacr'],
    // `idtyp` is optional. A user's `sub` is another one for each application, and never their object id.
    isService: ({ oid, sub }) => oid !== undefined && oid === sub,
    refuses(claims) {
      if (claims['tid'] !== tenantId) return 'subject_token_wrong_tenant';
      return readsGroups && groupsLeftOut(claims) ? 'subject_token_groups_overage' : undefined;
    },
  };
});

/** External ID signs in at a host named after the organization, and issues under one named after the tenant's id. */
function issuingHost(authority: string, tenantId: string): string {
  return authority.endsWith('.ciamlogin.com') ? `https://${tenantId}.ciamlogin.com` : authority;
}

/** OpenID Connect Core 1.0 §5.6.2: `_claim_names` says which claims are elsewhere; `hasgroups` is Entra ID's short form. */
function groupsLeftOut(claims: JsonObject): boolean {
  const elsewhere = claims['_claim_names'];
  const distributed = isJsonObject(elsewhere) && Object.hasOwn(elsewhere, 'groups');
  return distributed || claims['hasgroups'] === true || claims['hasgroups'] === 'true';
}
