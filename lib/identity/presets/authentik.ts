import * as v from 'valibot';
import { issuerAddress } from '../../options/schemas.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

/** Options of an authentik application. */
export interface AuthentikOptions extends ProviderOptions {
  /** The address of the server: `https://id.example.com`. */
  readonly url: string;
  /** The application's slug. */
  readonly application: string;
}

const schema: v.GenericSchema<unknown, AuthentikOptions> = v.strictObject({
  ...providerOptions,
  url: issuerAddress,
  application: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9_-]+$/, 'must be the application’s slug, such as "streaming"'),
  ),
});

/**
 * One application of an authentik server, each of which is an issuer of its own, with a slash at its end. Groups are in
 * `groups`, which the scope `profile` brings along.
 *
 * @see authentik documentation, "OAuth 2.0 provider", "Property mappings"
 */
export const authentik = defineProvider('authentik', schema, ({ url, application }) => {
  const issuer = `${url.replace(/\/$/, '')}/application/o/${application}/`;
  return { issuer, keys: [`${issuer}jwks/`], groups: 'groups' };
});
