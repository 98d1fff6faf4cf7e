import type { Identity } from '../identity/identity.ts';

/** Whom a deny list is asked about. */
export interface Bearer {
  /** The provider's issuer; left out where it is not known, as in a streaming token. */
  readonly issuer?: string;
  readonly subject: string;
  /** Ids of the sign-in and of the token, any of which may be denied. */
  readonly sessions: readonly string[];
}

/** Claims that name a sign-in or a token: of OpenID Connect Front-Channel Logout 1.0, Amazon Cognito, RFC 7519. */
const SESSION_CLAIMS = ['sid', 'origin_jti', 'jti'];

/** DynamoDB takes a partition key of 2048 bytes at most, so nothing longer can be denied there. */
const MAX_KEY_BYTES = 2048;

/** The person and the sign-in that an identity was made of. */
export function bearerOf({ issuer, subject, claims }: Identity): Bearer {
  return { issuer, subject, sessions: sessionsOf(claims) };
}

/** The ids in a claims set that a deny list may name. */
export function sessionsOf(claims: Readonly<Record<string, unknown>>): readonly string[] {
  return SESSION_CLAIMS.flatMap((name) => {
    const id = claims[name];
    return typeof id === 'string' && id !== '' ? [id] : [];
  });
}

/**
 * The keys of a deny table under which this bearer may be found: `sub#ISSUER#SUBJECT` and `sid#ISSUER#SESSION`, each also
 * with `*` for any issuer. No issuer holds a `#`, so no two people share a key.
 */
export function denyKeysOf({ issuer, subject, sessions }: Bearer): readonly string[] {
  const issuers = issuer === undefined ? ['*'] : [issuer, '*'];
  const keys = issuers.flatMap((iss) => [
    `sub#${iss}#${subject}`,
    ...sessions.map((session) => `sid#${iss}#${session}`),
  ]);
  return [...new Set(keys)].filter((key) => Buffer.byteLength(key) <= MAX_KEY_BYTES);
}
