import { hash } from 'node:crypto';
import { isJsonObject } from '../jws/compact.ts';
import type { CompactJws, JsonObject } from '../jws/compact.ts';
import type { Issuer } from './issuer.ts';
import { oldestKeyOf } from '../oldest-key.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** A subject token whose signature was found good, under one generation of its issuer's keys. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** What its user and its sign-in can be denied by: the same in each exchange. */
  readonly hashes: string;
  readonly keys: IssuerKeys;
  readonly generation: number;
}

/** A bounded memory of good signatures, so that a renewal with the same subject token verifies none. */
export interface VerifiedTokens {
  /** The token of this digest, where it was kept and its issuer's keys are still those that verified it. */
  find(digest: string, now: number): VerifiedToken | undefined;
  /** @param bytes what {@link memoryOf} says of the token */
  keep(digest: string, verified: VerifiedToken, bytes: number): void;
}

/** What a token is remembered by: the SHA-256 of all of it. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * Remembers signatures by the digests of their tokens, so that no token stays in memory. Only the signature is
 * remembered: claims, time, deny list and rules are checked again each time, and a change of the issuer's keys forgets it.
 *
 * @param capacity most memory that it takes, in bytes; the oldest goes first
 */
export function createVerifiedTokens(capacity: number): VerifiedTokens {
  const byDigest = new Map<string, { readonly verified: VerifiedToken; readonly bytes: number }>();
  const oldestDigest = oldestKeyOf(byDigest);
  let total = 0;

  function forget(digest: string): void {
    total -= byDigest.get(digest)?.bytes ?? 0;
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
    keep(digest, verified, bytes) {
      if (bytes > capacity) return;
      forget(digest);
      while (total + bytes > capacity) forget(oldestDigest() ?? '');
      byDigest.set(digest, { verified, bytes });
      total += bytes;
    },
  };
}

/** Bytes that an entry takes beside its header and claims. */
const BYTES_PER_ENTRY = 1024;
/** Bytes that a value of parsed JSON takes at most, beside what it holds. */
const BYTES_PER_VALUE = 80;
/** The same of an object's member: one whose name is its own makes V8 describe the object anew. */
const BYTES_PER_MEMBER = 256;
const BYTES_PER_CHARACTER = 2;

/** The memory that a token's header and claims take at most, in bytes: many small values take far more than their text. */
export function memoryOf({ header, claims }: Pick<CompactJws, 'header' | 'claims'>): number {
  let bytes = BYTES_PER_ENTRY;
  // A list of what is left, because a token can nest values deeper than calls may be nested.
  const left: unknown[] = [header, claims];
  while (left.length > 0) {
    const value = left.pop();
    bytes += BYTES_PER_VALUE;
    if (typeof value === 'string') bytes += BYTES_PER_CHARACTER * value.length;
    else if (Array.isArray(value)) for (const entry of value) left.push(entry);
    else if (isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        bytes += BYTES_PER_MEMBER + BYTES_PER_CHARACTER * name.length;
        left.push(value[name]);
      }
    }
  }
  return bytes;
}
