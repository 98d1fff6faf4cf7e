import type { JsonObject } from '../jws/compact.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { SubjectTokenType } from '../oauth/token-exchange.ts';
import { groupsIn } from './groups.ts';
import type { Identity } from './identity.ts';
import type { Issuer, TokenKind } from './issuer.ts';
import { checkServiceToken, isServiceToken } from './service-token.ts';

// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const SUBJECT = /^[^\u0000-\u001f\u007f-\u009f]{1,255}$/u;

/** In seconds it is the year 5138; a time of ours in milliseconds is above it. */
const LATEST = 1e11;

/**
 * The identity that a token with a good signature vouches for, by RFC 7519 §4.1, OpenID Connect Core 1.0 §3.1.3.7 and the
 * issuer's own rules. Checks no signature.
 *
 * @param declared what the client says the token is
 * @param now epoch seconds
 * @param clockSkew largest difference between two clocks, in seconds
 * @throws {OAuthError} `invalid_request`, with the reason
 */
export function checkClaims(
  issuer: Issuer,
  header: JsonObject,
  claims: JsonObject,
  declared: SubjectTokenType,
  now: number,
  clockSkew: number,
): Identity {
  const { iss, sub, exp, iat, nbf } = claims;
  if (iss !== issuer.issuer && !issuer.alsoIssuers.some((other) => other === iss))
    throw new OAuthError('subject_token_issuer');
  const isService = isServiceToken(claims) || issuer.isService?.(claims) === true;
  const kind = isService ? undefined : checkKind(issuer, header, claims, declared);
  if (!isTime(exp) || !isTime(iat) || typeof sub !== 'string' || !SUBJECT.test(sub)) {
    throw new OAuthError('subject_token_claims');
  }
  // An end in milliseconds would never come.
  if (exp > LATEST) throw new OAuthError('subject_token_claims');
  if (nbf !== undefined && !isTime(nbf)) throw new OAuthError('subject_token_claims');
  if (now >= exp + clockSkew) throw new OAuthError('subject_token_expired');
  if (iat > now + clockSkew || (nbf ?? iat) > now + clockSkew)
    throw new OAuthError('subject_token_not_yet_valid');
  if (kind === undefined) checkServiceToken(issuer.services, header, claims, declared);
  else checkAudience(issuer, claims, kind);
  const refusal = issuer.refuses?.(claims);
  if (refusal !== undefined) throw new OAuthError(refusal);
  return {
    issuer: issuer.issuer,
    subject: sub,
    groups: groupsIn(issuer.groupSources, claims),
    claims,
    expiresAt: exp,
    ...(isService && { isService }),
  };
}

function checkKind(
  issuer: Issuer,
  header: JsonObject,
  claims: JsonObject,
  declared: SubjectTokenType,
): TokenKind {
  const kind = issuer.kindOf(header, claims);
  if (kind === undefined || !issuer.exchanges.includes(kind) || (declared !== 'jwt' && declared !== kind)) {
    throw new OAuthError('subject_token_type_mismatch');
  }
  return kind;
}

function checkAudience(issuer: Issuer, claims: JsonObject, kind: TokenKind): void {
  const name = issuer.audienceClaim(kind);
  const value = claims[name];
  const audiences: readonly unknown[] = name === 'aud' && Array.isArray(value) ? value : [value];
  if (audiences.length === 0 || !audiences.every((entry) => typeof entry === 'string')) {
    throw new OAuthError('subject_token_claims');
  }
  const ours = (id: unknown): boolean => typeof id === 'string' && issuer.audience.includes(id);
  // OpenID Connect Core 1.0 §3.1.3.7: with several audiences, azp says which one the token was issued to.
  if (!audiences.some(ours) || (audiences.length > 1 && !ours(claims['azp']))) {
    throw new OAuthError('subject_token_audience');
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
