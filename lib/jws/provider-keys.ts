import { createLocalJWKSet, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { MINIMUM_RSA_BITS, VERIFICATION_ALGORITHMS } from './algorithms.ts';
import { isJsonObject } from './compact.ts';
import type { JsonObject } from './compact.ts';

/** A provider's public keys. */
export interface ProviderKeys {
  /** Their ids, in their order. */
  readonly kids: readonly (string | undefined)[];
  /**
   * The key that a token's header asks for: by `kid` if it has one, else the only key that fits the algorithm. Never tries
   * one key after another: `undefined` if none fits, or more than one. `unknown_kid` if no key has this id, so that only
   * newer keys could help. Never rejects.
   */
  find(header: JsonObject): Promise<CryptoKey | 'unknown_kid' | undefined>;
}

/** Most keys that are read of one document; providers publish two or three. */
export const MAX_KEYS = 100;

/** A larger modulus makes each verification slow, and no provider has one. */
const MAXIMUM_RSA_BITS = 8192;

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify signatures; none if the document is not one. What cannot is passed
 * over, as §5 says: keys of unknown type or curve, with members missing or out of range, or meant for something else
 * (`use`, `key_ops`, `alg`); also private, symmetric and weak ones. Certificates (`x5c`, `x5u`) are not looked at. A `kid` of
 * `null` counts as absent, and a key that is listed twice counts once.
 */
export async function readProviderKeys(document: unknown): Promise<ProviderKeys> {
  const listed = isJsonObject(document) ? document['keys'] : undefined;
  const candidates = Array.isArray(listed) ? listed.slice(0, MAX_KEYS).flatMap(toCandidate) : [];
  const distinct = [...new Map(candidates.map((jwk) => [JSON.stringify(jwk), jwk])).values()];
  const usable = await Promise.all(distinct.map(isImportable));
  const keys = distinct.filter((_jwk, index) => usable[index]);
  const kids = keys.map(({ kid }) => kid);
  const select = createLocalJWKSet({ keys });
  return {
    kids,
    async find({ alg, kid }) {
      if (kid === undefined ? keys.length === 0 : !kids.some((known) => known === kid)) return 'unknown_kid';
      if (typeof alg !== 'string') return undefined;
      return select({ alg, ...(typeof kid === 'string' && { kid }) }).catch(() => undefined);
    },
  };
}

/** The members that make a public key, and no other: what is the same in them is the same key. */
const PUBLIC_MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y', 'alg', 'kid'] as const;

function toCandidate(jwk: unknown): readonly JWK[] {
  if (!isJsonObject(jwk)) return [];
  const kid = jwk['kid'] ?? undefined;
  // A private key that anyone can read proves nothing.
  if (Object.hasOwn(jwk, 'd') || !(kid === undefined || typeof kid === 'string')) return [];
  if (algorithmOf(jwk) === undefined || !isForVerifying(jwk) || !isSoundRsa(jwk)) return [];
  const members = PUBLIC_MEMBERS.filter((name) => jwk[name] !== undefined && jwk[name] !== null);
  return [Object.fromEntries(members.map((name) => [name, jwk[name]])) as JWK];
}

/** An algorithm that a JWK fits by its type, its curve and, if it has one, its `alg`. */
function algorithmOf({ kty, crv, alg }: JsonObject): string | undefined {
  return [...VERIFICATION_ALGORITHMS].find(
    ([name, shape]) =>
      shape.kty === kty &&
      (shape.crv === undefined || shape.crv === crv) &&
      (alg === undefined || alg === null || alg === name),
  )?.[0];
}

/** RFC 7517 §4.2, §4.3. */
function isForVerifying({ use, key_ops: operations }: JsonObject): boolean {
  if (use !== undefined && use !== 'sig') return false;
  if (operations === undefined) return true;
  if (!Array.isArray(operations)) return false;
  return operations.includes('verify') && new Set(operations).size === operations.length;
}

/** RSA only: the size of the modulus, and an exponent that is odd and not 1, with which anyone could sign. */
function isSoundRsa({ kty, n, e }: JsonObject): boolean {
  if (kty !== 'RSA') return true;
  if (typeof n !== 'string' || typeof e !== 'string') return false;
  const modulus = toInteger(n);
  const exponent = toInteger(e);
  const bits = modulus.toString(2).length;
  return bits >= MINIMUM_RSA_BITS && bits <= MAXIMUM_RSA_BITS && exponent >= 3n && exponent % 2n === 1n;
}

function toInteger(base64url: string): bigint {
  // A longer modulus is refused by its length, before it is made a number.
  const hex = Buffer.from(base64url.slice(0, 4096), 'base64url').toString('hex');
  return BigInt(`0x${hex || '0'}`);
}

/** Whether the members are in range: a point on its curve, a key of the right length. */
async function isImportable(jwk: JWK): Promise<boolean> {
  return importJWK(jwk, algorithmOf({ ...jwk })).then(
    () => true,
    () => false,
  );
}
