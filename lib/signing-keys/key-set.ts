import { createHash } from 'node:crypto';
import { exportJWK, exportSPKI } from 'jose';
import type { PrivateKey, SigningKey } from '../jws/sign.ts';

/** A key that anyone may have, to verify tokens with. */
export type PublishedKey = Pick<PrivateKey, 'kid' | 'alg' | 'publicKey'>;

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The public halves of a target's live keys, in their order. Shared secrets have none.
 *
 * @param kid what the target's tokens name instead of a version, if it has such a thing: only the first key is then known
 *   by it
 */
export function toPublicKeys(keys: readonly SigningKey[], kid?: string): readonly PublishedKey[] {
  const published = kid === undefined ? keys : keys.slice(0, 1);
  return published
    .filter((key) => key.alg !== 'HS256')
    .map(({ alg, kid: own, publicKey }) => ({ alg, kid: kid ?? own, publicKey }));
}

/** What `jwks_uri` serves. */
export async function toKeySet(keys: readonly PublishedKey[]): Promise<JsonWebKeySet> {
  const jwks = keys.map(async ({ kid, alg, publicKey }) => ({
    ...(await exportJWK(publicKey)),
    kid,
    alg,
    use: 'sig',
  }));
  return { keys: await Promise.all(jwks) };
}

/**
 * The key that moq-relay asks its `key_dir` for, as one JWK that may only verify; `undefined` if none has this name.
 *
 * @param file a `kid`, and `.jwk`
 * @see moq-dev/moq `doc/bin/relay/auth.md`; RFC 7517 §4.3
 */
export async function findJwk(keys: readonly PublishedKey[], file: string): Promise<string | undefined> {
  const found = keys.find(({ kid }) => `${kid}.jwk` === file);
  if (found === undefined) return undefined;
  const { kid, alg, publicKey } = found;
  return JSON.stringify({ ...(await exportJWK(publicKey)), kid, alg, key_ops: ['verify'] });
}

/**
 * The key that Prosody asks its `asap_key_server` for, as SubjectPublicKeyInfo in PEM (RFC 7468 §13); `undefined` if none
 * has this name.
 *
 * @param file lower-case hex of the SHA-256 of a `kid`, and `.pem`
 * @see jitsi-meet `resources/prosody-plugins/token/util.lib.lua`, `get_public_key`
 */
export async function findPem(keys: readonly PublishedKey[], file: string): Promise<string | undefined> {
  const found = keys.find(({ kid }) => `${createHash('sha256').update(kid).digest('hex')}.pem` === file);
  return found && `${await exportSPKI(found.publicKey)}\n`;
}
