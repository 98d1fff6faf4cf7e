import * as v from 'valibot';
import { filledText, issuerAddress, oneOrMore } from '../../options/schemas.ts';
import type { Groups } from '../groups.ts';
import { defineIssuer } from '../issuer.ts';
import { GOOGLE, GOOGLE_WITHOUT_SCHEME } from './google.ts';
import { groupsOption, providerOptions, toIssuer } from './provider.ts';
import type { ServicesOption } from './provider.ts';

/** Options of any OpenID provider. */
export interface OidcOptions {
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** The client id, or ids, that its ID tokens must be meant for. */
  readonly audience: string | readonly string[];
  /** Where groups are; default the claim `groups`. */
  readonly groups?: Groups;
  /** The same by the name it once had. */
  readonly groupsClaim?: Groups;
  /** The address of the provider's keys; left out, discovery finds it. */
  readonly jwksUri?: string;
  /** Services that may exchange tokens of their own; left out, none. */
  readonly services?: ServicesOption;
}

const schema: v.GenericSchema<unknown, OidcOptions> = v.strictObject({
  issuer: issuerAddress,
  audience: oneOrMore(filledText),
  groups: providerOptions.groups,
  groupsClaim: v.exactOptional(groupsOption),
  jwksUri: providerOptions.jwksUri,
  services: providerOptions.services,
});

/**
 * An OpenID provider that follows the standard: ID tokens alone may be exchanged, keys are found by discovery, groups are
 * in the claim `groups`.
 *
 * @see OpenID Connect Core 1.0 §2, OpenID Connect Discovery 1.0 §4
 */
export const oidc = defineIssuer('oidc', schema, ({ issuer, audience, groupsClaim, ...options }) =>
  toIssuer(
    { clientId: audience, ...options },
    {
      issuer,
      ...(issuer === GOOGLE && { alsoIssuers: [GOOGLE_WITHOUT_SCHEME] }),
      groups: groupsClaim ?? 'groups',
    },
  ),
);
