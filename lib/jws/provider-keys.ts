import { createLocalJWKSet } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { VERIFICATION_ALGORITHMS } from './algorithms.ts';
import { isJsonObject } from './compact.ts';
import type { JsonObject } from './compact.ts';
import { isSoundKey } from './sound-key.ts';

/** A provider's public keys. */
export interface ProviderKeys {
  /** Their ids, in their order. */
  readonly kids: readonly (string | undefined)[];
  /**
   * The key that a token's header names by `kid`, or, without a `kid`, the only key that fits the algorithm. `undefined` if no
   * key fits, or more than one: it never tries one key after another. `unknown_kid` if no key has this id, so that only newer
   * keys could help. Never rejects.
   */
  find(header: JsonObject): Promise<CryptoKey | 'unknown_kid' | undefined>;
}

/** Most keys that are read of one document; providers publish two or three. */
export const MAX_KEYS = 100;

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify signatures; none if the document is not one. Other keys are ignored, as
 * §5 says: those of unknown type or curve, with members missing or out of range, or with another purpose (`use`, `key_ops`,
 * `alg`); also private, symmetric and weak ones. Certificates (`x5c`, `x5u`) are not looked at. A `kid` of
 * `null` counts as absent, and a key that is listed twice counts once, also under two ids.
 */
export async function readProviderKeys(document: unknown): Promise<ProviderKeys> {
  const listed = isJsonObject(document) ? document['keys'] : undefined;
  const read = await Promise.all((Array.isArray(listed) ? listed.slice(0, MAX_KEYS) : []).map(toUsableJwk));
  const keys = distinct(read.filter((jwk) => jwk !== undefined));
  const kids = keys.map(({ kid }) => kid);
  const selectById = createLocalJWKSet({ keys });
  // For a token without `kid`, a key under two ids is one key.
  const selectOnly = createLocalJWKSet({ keys: distinct(keys.map(withoutId)) });
  return {
    kids,
    async find({ alg, kid }) {
      if (kid === undefined ? keys.length === 0 : !kids.some((known) => known === kid)) return 'unknown_kid';
      if (typeof alg !== 'string') return undefined;
      const selected = typeof kid === 'string' ? selectById({ alg, kid }) : selectOnly({ alg });
      return selected.catch(() => undefined);
    },
  };
}

function withoutId(jwk: JWK): JWK {
  const { kid: _, ...members } = jwk;
  return members;
}

function distinct(keys: readonly JWK[]): JWK[] {
  return [...new Map(keys.map((jwk) => [JSON.stringify(jwk), jwk])).values()];
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y', 'alg', 'kid'] as const;

/** Only the members that make the key; `undefined` if it is not a JWK that can verify signatures. */
async function toUsableJwk(listed: unknown): Promise<JWK | undefined> {
  // A private key that anyone can read proves nothing.
  if (!isJsonObject(listed) || Object.hasOwn(listed, 'd')) return undefined;
  const members = PUBLIC_MEMBERS.filter((name) => listed[name] !== undefined && listed[name] !== null);
  const jwk: JWK = Object.fromEntries(members.map((name) => [name, listed[name]]));
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return undefined;
  const { alg = algorithmOf(jwk), ...others } = jwk;
  if (alg === undefined || !VERIFICATION_ALGORITHMS.has(alg)) return undefined;
  const { use, key_ops } = listed;
  const meant = {
    ...jwk,
    ...(use !== undefined && { use }),
    ...(key_ops !== undefined && { key_ops }),
  } as JWK;
  try {
    const key = await createLocalJWKSet({ keys: [meant] })({ alg });
    if (!isSoundKey(key)) return undefined;
    // RFC 9864 §2.2: on this curve, both names mean the same algorithm.
    return jwk.crv === 'Ed25519' ? others : jwk;
  } catch {
    return undefined;
  }
}

/** The first algorithm that a JWK fits by its type and its curve. */
function algorithmOf({ kty, crv }: JWK): string | undefined {
  return [...VERIFICATION_ALGORITHMS].find(
    ([, shape]) => shape.kty === kty && (shape.crv === undefined || shape.crv === crv),
  )?.[0];
}
