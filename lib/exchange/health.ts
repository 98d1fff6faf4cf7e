import { OAuthError } from '../oauth/oauth-error.ts';

/**
 * The checks before a token can be issued. Each rejects with an `OAuthError` if it fails. Of secrets only the labels are
 * read, because `health` may read no value.
 */
export interface HealthDeps {
  readonly issuers: readonly (() => Promise<void>)[];
  readonly secrets: readonly (() => Promise<unknown>)[];
}

/**
 * Whether a token could be issued now for every target and from every issuer: `undefined`, or the error that a client
 * would be answered with.
 */
export async function checkHealth({ issuers, secrets }: HealthDeps): Promise<OAuthError | undefined> {
  if (issuers.length === 0) return new OAuthError('no_issuer');
  const outcomes = await Promise.allSettled([...issuers, ...secrets].map((check) => check()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return undefined;
  return failed.reason instanceof OAuthError ? failed.reason : new OAuthError('internal');
}
