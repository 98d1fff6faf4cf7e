import { constants, createHmac, KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { onceFor } from '../once-for.ts';

/** The algorithm of a signature as `jose` names it (W3C Web Cryptography, "AlgorithmIdentifier"). */
export interface SignatureAlgorithm {
  readonly name: string;
  /** Such as `SHA-256`; absent if the algorithm has a hash of its own. */
  readonly hash?: string;
}

/**
 * Does the work of Web Crypto's `subtle.verify` with `node:crypto` on the calling thread. Both call OpenSSL, but Web Crypto
 * does so on another thread: that costs more than the verification, and a function has only one request at a time. The bundler
 * replaces `crypto.subtle.verify` by this function, so `jose` calls it.
 *
 * @param key `jose` has checked its type, hash, curve, usage and length. A key that is not extractable stays with Web Crypto (DEP0204)
 * @throws {TypeError | Error} if the key is not of this algorithm; `jose` then refuses the token
 */
export async function verifyAtOnce(
  algorithm: SignatureAlgorithm,
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (!key.extractable) return globalThis.crypto.subtle.verify(algorithm, key, signature, data);
  const digest = algorithm.hash?.replace('SHA-', 'sha') ?? null;
  const keyObject = keyObjectOf(key);
  switch (algorithm.name) {
    case 'RSASSA-PKCS1-v1_5':
    case 'Ed25519':
      return verify(digest, data, keyObject, signature);
    case 'RSA-PSS': {
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
      // RFC 7518 §3.5: the salt is as long as the hash.
      return verify(digest, data, { key: keyObject, padding, saltLength }, signature);
    }
    case 'ECDSA':
      return verify(digest, data, { key: keyObject, dsaEncoding: 'ieee-p1363' }, signature);
    case 'HMAC':
      return digest !== null && isHmac(digest, keyObject, signature, data);
    default:
      return globalThis.crypto.subtle.verify(algorithm, key, signature, data);
  }
}

function isHmac(digest: string, key: KeyObject, mac: Uint8Array, data: Uint8Array): boolean {
  const expected = createHmac(digest, key).update(data).digest();
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}

// Marked, so that bundles that verify nothing leave all of this out.
const keyObjectOf = /* @__PURE__ */ onceFor((key: CryptoKey) => KeyObject.from(key));
