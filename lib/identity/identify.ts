/**
 * From a subject token to a user or service: decode it, find its configured issuer, find the key, verify the signature, then
 * check the claims.
 */

import { hashesOfIdentity } from '../admission/for-whom.ts';
import { decodeCompactJws } from '../jws/compact.ts';
import type { CompactJws } from '../jws/compact.ts';
import { headerProblem } from '../jws/header.ts';
import { hasValidSignature } from '../jws/verify.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { SubjectTokenType } from '../oauth/token-exchange.ts';
import type { Now } from '../ports.ts';
import { checkClaims } from './check-claims.ts';
import type { Identity } from './identity.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { digestOf, memoryOf } from './verified-tokens.ts';
import type { VerifiedTokens } from './verified-tokens.ts';

/** A configured issuer with its keys. */
export interface TrustedIssuer {
  readonly issuer: Issuer;
  readonly keys: IssuerKeys;
}

/** The dependencies of {@link identify}. */
export interface IdentifyDeps {
  /** By exact `iss`. */
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly verified: VerifiedTokens;
  readonly now: Now;
  /** Seconds. */
  readonly clockSkew: number;
}

/**
 * The user or service that a subject token identifies.
 *
 * @param subjectToken attacker-controlled
 * @throws {OAuthError} `invalid_request` if the token is not valid; 503 `no_issuer` or `issuer_unreachable`
 */
export async function identify(
  subjectToken: string,
  declared: SubjectTokenType,
  { issuers, verified, now, clockSkew }: IdentifyDeps,
): Promise<Identity> {
  if (issuers.size === 0) throw new OAuthError('no_issuer');
  const digest = digestOf(subjectToken);
  const seen = verified.find(digest, now());
  if (seen !== undefined) {
    const checked = checkClaims(seen.issuer, seen.header, seen.claims, declared, now(), clockSkew);
    return { ...checked, hashes: seen.hashes };
  }
  const jws = decodeCompactJws(subjectToken);
  if (jws === undefined) throw new OAuthError('subject_token_malformed');
  const problem = headerProblem(jws.header);
  if (problem !== undefined) throw new OAuthError(problem);
  const { issuer, keys } = trustedIssuer(peekUnverifiedIssuer(jws), issuers);

  const lookup = await keys.keyFor(jws.header);
  if (!lookup.found) {
    if (lookup.why === 'no_key_fits') throw new OAuthError('subject_token_signature');
    const isUnknown = lookup.why === 'unknown_kid';
    throw new OAuthError(
      isUnknown ? 'subject_token_key_unknown' : 'issuer_unreachable',
      lookup.retryAfterSeconds,
    );
  }
  const signed = await hasValidSignature(subjectToken, lookup.key, String(jws.header['alg']));
  if (!signed) throw new OAuthError('subject_token_signature');
  const { header, claims } = jws;
  const checked = checkClaims(issuer, header, claims, declared, now(), clockSkew);
  const hashes = hashesOfIdentity(checked);
  const { generation } = lookup;
  verified.keep(digest, { issuer, header, claims, hashes, keys, generation }, memoryOf(jws));
  return { ...checked, hashes };
}

/** The `iss` of a token before it is verified. Use it only to choose keys. */
function peekUnverifiedIssuer(jws: CompactJws): unknown {
  return jws.claims['iss'];
}

function trustedIssuer(iss: unknown, issuers: ReadonlyMap<string, TrustedIssuer>): TrustedIssuer {
  const trusted = typeof iss === 'string' ? issuers.get(iss) : undefined;
  if (trusted === undefined) throw new OAuthError('subject_token_issuer');
  return trusted;
}
