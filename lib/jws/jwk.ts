import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { MINIMUM_RSA_BITS, VERIFICATION_ALGORITHMS } from './algorithms.ts';
import type { VerificationAlgorithm } from './algorithms.ts';
import { isJsonObject } from './compact.ts';
import type { JsonObject } from './compact.ts';

/** A public key of a provider, made once. */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** The algorithms it may be used with: by its type, its curve and, where it has one, its `alg`. */
  readonly algorithms: ReadonlySet<string>;
  readonly key: KeyObject;
}

/** Most keys that are read of one document; providers publish two or three. */
export const MAX_KEYS = 100;

/** A larger modulus makes each verification slow, and no provider has one. */
const MAXIMUM_RSA_BITS = 8192;

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify signatures; empty where the document is none. What cannot is passed
 * over, as §5 says: keys of unknown type or curve, with members missing or out of range, or meant for something else
 * (`use`, `key_ops`, `alg`); also private, symmetric and weak ones. Certificates (`x5c`, `x5u`) are not looked at.
 */
export function usableKeys(document: unknown): readonly VerificationKey[] {
  const keys = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys)) return [];
  return keys.slice(0, MAX_KEYS).flatMap((jwk: unknown) => {
    const key = isJsonObject(jwk) ? toVerificationKey(jwk) : undefined;
    return key === undefined ? [] : [key];
  });
}

/**
 * The key that a token's header asks for: by `kid` where it has one, else the only key that fits the algorithm. Never
 * tries one key after another: `undefined` where none fits, or more than one. `unknown_kid` where no key has this id, so
 * that only newer keys could help.
 */
export function selectKey(
  keys: readonly VerificationKey[],
  { alg, kid }: JsonObject,
): VerificationKey | 'unknown_kid' | undefined {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (named.length === 0) return 'unknown_kid';
  const fitting = named.filter((key) => typeof alg === 'string' && key.algorithms.has(alg));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function toVerificationKey(jwk: JsonObject): VerificationKey | undefined {
  const { kid } = jwk;
  const algorithms = algorithmsOf(jwk);
  if (algorithms.size === 0 || !isForVerifying(jwk) || !(kid === undefined || typeof kid === 'string'))
    return undefined;
  // A private key that anyone can read proves nothing.
  if (Object.hasOwn(jwk, 'd')) return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return isSound(key) ? { kid, algorithms, key } : undefined;
  } catch {
    return undefined;
  }
}

/** Which algorithms a JWK fits: those of its type and curve, or of these the one that its `alg` names. */
function algorithmsOf({ kty, crv, alg }: JsonObject): ReadonlySet<string> {
  const fits = ([name, algorithm]: readonly [string, VerificationAlgorithm]): boolean =>
    algorithm.kty === kty &&
    (algorithm.crv === undefined || algorithm.crv === crv) &&
    (alg === undefined || alg === name);
  return new Set([...VERIFICATION_ALGORITHMS].filter(fits).map(([name]) => name));
}

/** RFC 7517 §4.2, §4.3. */
function isForVerifying({ use, key_ops: operations }: JsonObject): boolean {
  if (use !== undefined && use !== 'sig') return false;
  if (operations === undefined) return true;
  if (!Array.isArray(operations)) return false;
  return operations.includes('verify') && new Set(operations).size === operations.length;
}

/** RSA only: `node:crypto` itself refuses a point that is not on its curve. With an exponent of 1 anyone could sign. */
function isSound({ asymmetricKeyDetails: { modulusLength, publicExponent } = {} }: KeyObject): boolean {
  if (modulusLength === undefined || publicExponent === undefined) return true;
  const isOdd = publicExponent % 2n === 1n;
  return (
    modulusLength >= MINIMUM_RSA_BITS && modulusLength <= MAXIMUM_RSA_BITS && publicExponent >= 3n && isOdd
  );
}
