import type { Attack } from './attack.ts';
import { attacksOnTheClaims } from './attacks-on-the-claims.ts';
import { attacksOnTheForm } from './attacks-on-the-form.ts';
import { attacksOnTheGrant } from './attacks-on-the-grant.ts';
import { attacksOnTheSignature } from './attacks-on-the-signature.ts';
import { attacksOnTheToken } from './attacks-on-the-token.ts';

/** Every attack on `/token`, by what is attacked. */
export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  form: attacksOnTheForm,
  token: attacksOnTheToken,
  signature: attacksOnTheSignature,
  claims: attacksOnTheClaims,
  grant: attacksOnTheGrant,
};
