import { createHash, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningKey } from '../jws/sign.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/** A key that anyone may have, to verify tokens with. */
export interface PublicKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly key: KeyObject;
}

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The public halves of a target's live keys, in their order. Shared secrets have none.
 *
 * @param kid what the target's tokens name instead of a version, where it has such a thing: only the first key is then known
 *   by it
 */
export function toPublicKeys(keys: readonly SigningKey[], kid?: string): readonly PublicKey[] {
  const published = kid === undefined ? keys : keys.slice(0, 1);
  return published
    .filter(({ key }) => key.type === 'private')
    .map((key) => ({ kid: kid ?? key.kid, alg: key.alg, key: createPublicKey(key.key) }));
}

/** What `jwks_uri` serves. */
export function toKeySet(keys: readonly PublicKey[]): JsonWebKeySet {
  return {
    keys: keys.map(({ kid, alg, key }) => ({ ...key.export({ format: 'jwk' }), kid, alg, use: 'sig' })),
  };
}

/**
 * The key that Prosody asks its `asap_key_server` for, as SubjectPublicKeyInfo in PEM (RFC 7468 §13); `undefined` where none
 * has this name.
 *
 * @param file lower-case hex of the SHA-256 of a `kid`, and `.pem`
 * @see jitsi-meet `resources/prosody-plugins/token/util.lib.lua`, `get_public_key`
 */
export function findPem(keys: readonly PublicKey[], file: string): string | undefined {
  const found = keys.find(({ kid }) => `${createHash('sha256').update(kid).digest('hex')}.pem` === file);
  return found?.key.export({ type: 'spki', format: 'pem' }).toString();
}
