import { createHmac } from 'node:crypto';
import type { Identity } from '../identity/identity.ts';
import type { SubjectForm } from './target.ts';

/**
 * A user's subject as one target may see it: the provider's, or an HMAC-SHA256 of target, issuer and subject in base64url
 * (OpenID Connect Core 1.0 §8.1). It is the same at each sign-in.
 */
export function subjectFor(form: SubjectForm, targetName: string, identity: Identity): string {
  if (form === 'public') return identity.subject;
  return createHmac('sha256', form.pairwiseSalt)
    .update(JSON.stringify([targetName, identity.issuer, identity.subject]))
    .digest('base64url');
}
