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
  /** @param length of the token, in characters */
  keep(digest: string, verified: VerifiedToken, length: number): void;
}

/** What a token is remembered by: the SHA-256 of all of it. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * Remembers signatures by the digests of their tokens, so that no token stays in memory. Only the signature is
 * remembered: claims, time, deny list and rules are judged anew each time, and a change of the issuer's keys forgets it.
 *
 * @param capacity the length of the remembered tokens together, in characters, of which their parsed claims take about ten
 *   bytes each; the oldest goes first
 */
export function createVerifiedTokens(capacity: number): VerifiedTokens {
  const byDigest = new Map<string, { readonly verified: VerifiedToken; readonly length: number }>();
  let total = 0;

  function forget(digest: string): void {
    total -= byDigest.get(digest)?.length ?? 0;
    byDigest.delete(digest);
  }

  return {
    find(digest, now) {
      const verified = byDigest.get(digest)?.verified;
      if (verified === undefined) return undefined;
      if (verified.keys.generationAt(now) === verified.generation) return verified;
      forget(digest);
      return undefined;
    },
    keep(digest, verified, length) {
      if (length > capacity) return;
      forget(digest);
      for (const oldest of byDigest.keys()) {
        if (total + length <= capacity) break;
        forget(oldest);
      }
      byDigest.set(digest, { verified, length });
      total += length;
    },
  };
}
