import * as v from 'valibot';
import { hostName, oneOrMore, toArray } from '../../options/schemas.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of Google. */
export interface GoogleOptions extends ProviderOptions {
  /** Only accounts of this Google Workspace domain, or of these; left out, every Google account. */
  readonly hd?: string | readonly string[];
}

/** Google's issuer, and how some of its tokens spell it. */
export const GOOGLE = 'https://accounts.google.com';
/** The other spelling, without `https://`. */
export const GOOGLE_WITHOUT_SCHEME = 'accounts.google.com';

const schema: v.GenericSchema<unknown, GoogleOptions> = v.strictObject({
  ...providerOptions,
  hd: v.exactOptional(oneOrMore(hostName('example.com'))),
});

/**
 * Google accounts. `iss` has two spellings. ID tokens have no groups: rules name claims such as `email`, or `hd`, the
 * Workspace domain. An address alone says nothing of the domain, since anybody may have a Google account under any address.
 *
 * @see Google Identity, "OpenID Connect", "Verify the Google ID token on your server side"
 */
export const google = defineProvider('google', schema, ({ hd }) => ({
  issuer: GOOGLE,
  alsoIssuers: [GOOGLE_WITHOUT_SCHEME],
  keys: ['https://www.googleapis.com/oauth2/v3/certs'],
  ...(hd !== undefined && {
    refuses: (claims) =>
      toArray(hd).some((domain) => claims['hd'] === domain) ? undefined : 'subject_token_wrong_tenant',
  }),
}));
