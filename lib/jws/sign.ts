import { createHmac, createPrivateKey, createSecretKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './signing-algorithm.ts';
import { MINIMUM_RSA_BITS, VERIFICATION_ALGORITHMS } from './algorithms.ts';
import type { JsonObject } from './compact.ts';

/** A key that signs, made once. */
export interface SigningKey {
  readonly alg: SigningAlgorithm;
  readonly kid: string;
  readonly key: KeyObject;
}

/** The key of an HS256 secret: the UTF-8 bytes of its text, as the media servers take it. */
export function hmacKey(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}

/** What a private key for an algorithm has to be (RFC 7518 §3, RFC 8037 §3.1). */
const KEY_SHAPE = {
  RS256: { type: 'rsa', curve: undefined },
  ES256: { type: 'ec', curve: 'prime256v1' },
  EdDSA: { type: 'ed25519', curve: undefined },
} as const;

/** The key of a private JWK's JSON text (RFC 7517), or `undefined` where it is none for this algorithm. */
export function privateKeyFromJwk(
  text: string,
  alg: Exclude<SigningAlgorithm, 'HS256'>,
): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: JSON.parse(text) as { kty: string }, format: 'jwk' });
    const { type, curve } = KEY_SHAPE[alg];
    const { namedCurve, modulusLength = MINIMUM_RSA_BITS } = key.asymmetricKeyDetails ?? {};
    const isFit = key.asymmetricKeyType === type && namedCurve === curve && modulusLength >= MINIMUM_RSA_BITS;
    return isFit ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A JWT in compact form (RFC 7515 §7.1) with the header `alg`, `typ: JWT` and `kid`. Claims are signed as they are given.
 */
export function signCompact(claims: JsonObject, key: SigningKey): string {
  const signingInput = `${encodedHeaderOf(key)}.${toBase64url(JSON.stringify(claims))}`;
  return `${signingInput}.${signatureOf(signingInput, key)}`;
}

/** The signature of a JWS's first two parts (RFC 7515 §5.1 step 5), as base64url. */
export function signatureOf(signingInput: string, { alg, key }: SigningKey): string {
  if (alg === 'HS256') return macOf(signingInput, key);
  const { hash, options } = VERIFICATION_ALGORITHMS.get(alg) ?? {};
  return sign(hash, Buffer.from(signingInput, 'latin1'), { key, ...options }).toString('base64url');
}

/** HMAC with SHA-256 (RFC 7518 §3.2), as base64url. */
export function macOf(signingInput: string, key: KeyObject): string {
  return createHmac('sha256', key).update(signingInput, 'latin1').digest('base64url');
}

/** A key's header is the same for each of its tokens. */
const encodedHeaders = new WeakMap<SigningKey, string>();

function encodedHeaderOf(key: SigningKey): string {
  const known = encodedHeaders.get(key);
  if (known !== undefined) return known;
  const encoded = toBase64url(JSON.stringify({ alg: key.alg, typ: 'JWT', kid: key.kid }));
  encodedHeaders.set(key, encoded);
  return encoded;
}

function toBase64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
