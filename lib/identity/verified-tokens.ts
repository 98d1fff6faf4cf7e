import { hash } from 'node:crypto';
import type { JsonObject } from '../jws/compact.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** A subject token whose signature was found good, under one generation of its issuer's keys. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly keys: IssuerKeys;
  readonly generation: number;
}

/** A bounded memory of good signatures, so that a renewal with the same subject token verifies none. */
export interface VerifiedTokens {
  /** The token of this digest, where it was kept and its issuer's keys are still those that verified it. */
  find(digest: string, now: number): VerifiedToken | undefined;
  keep(digest: string, verified: VerifiedToken): void;
}

/** What a token is remembered by: the SHA-256 of all of it. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * Remembers signatures by the digests of their tokens, so that no token stays in memory. Only the signature is
 * remembered: claims, time, deny list and rules are judged anew each time, and a change of the issuer's keys forgets it.
 *
 * @param capacity how many are kept; the oldest goes first
 */
export function createVerifiedTokens(capacity: number): VerifiedTokens {
  const byDigest = new Map<string, VerifiedToken>();
  return {
    find(digest, now) {
      const verified = byDigest.get(digest);
      if (verified === undefined) return undefined;
      if (verified.keys.generationAt(now) === verified.generation) return verified;
      byDigest.delete(digest);
      return undefined;
    },
    keep(digest, verified) {
      const oldest = byDigest.size >= capacity ? byDigest.keys().next().value : undefined;
      if (oldest !== undefined) byDigest.delete(oldest);
      byDigest.set(digest, verified);
    },
  };
}
