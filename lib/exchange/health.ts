import { OAuthError } from '../oauth/oauth-error.ts';

/** What has to be there for a token to be issued; each rejects with an `OAuthError` where it is not. */
export interface HealthDeps {
  readonly issuers: readonly (() => Promise<void>)[];
  readonly rings: readonly (() => Promise<unknown>)[];
}

/**
 * Whether a token could be issued now for every target and from every issuer: `undefined`, or the error that a client
 * would be answered with.
 */
export async function checkHealth({ issuers, rings }: HealthDeps): Promise<OAuthError | undefined> {
  if (issuers.length === 0) return new OAuthError('no_issuer');
  const outcomes = await Promise.allSettled([...issuers, ...rings].map((check) => check()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return undefined;
  return failed.reason instanceof OAuthError ? failed.reason : new OAuthError('internal');
}
