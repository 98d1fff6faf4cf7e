import * as v from 'valibot';
import { defineProvider, providerOptions } from './provider.ts';
import type { ProviderOptions } from './provider.ts';

const schema: v.GenericSchema<unknown, ProviderOptions> = v.strictObject(providerOptions);

/**
 * Sign in with Apple. `clientId` is the Services ID (web) or the bundle id (app). ID tokens have no groups, and say true and
 * false as strings, which rules understand.
 *
 * @see Apple Developer Documentation, "Receiving a User's Identity Token", "Fetch Apple's public key for verifying token
 *   signature"
 */
export const apple = defineProvider('apple', schema, () => ({
  issuer: 'https://appleid.apple.com',
  keys: ['https://appleid.apple.com/auth/keys'],
}));
