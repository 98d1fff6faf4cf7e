import { constants } from 'node:crypto';
import type { SigningOptions } from 'node:crypto';

/** One signature algorithm of a subject token, resolved from its name once. */
export interface VerificationAlgorithm {
  /** The key type that it takes (RFC 7518 §6.1, RFC 8037 §2). */
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** The curve, where the key type has several. */
  readonly crv?: 'P-256' | 'P-384' | 'Ed25519';
  /** `null` where the algorithm hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  /** Padding or encoding, as `node:crypto` takes it beside the key; none where its default is right. */
  readonly options?: SigningOptions;
  /** Length of a signature in bytes, where it does not depend on the key. */
  readonly signatureBytes?: number;
}

/** RFC 7518 §3.3 and §3.5: a smaller RSA key is not to be used. */
export const MINIMUM_RSA_BITS = 2048;

/** RFC 7518 §3.5: the salt is exactly as long as the digest. */
const pss: SigningOptions = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
/** RFC 7518 §3.4: R and S side by side at full length, never ASN.1. */
const concatenated: SigningOptions = { dsaEncoding: 'ieee-p1363' };

/**
 * The algorithms that a subject token may be signed with (RFC 7518 §3.1, RFC 8037 §3.1). All have public keys, so that no
 * public key can be mistaken for a shared secret.
 */
export const VERIFICATION_ALGORITHMS: ReadonlyMap<string, VerificationAlgorithm> = new Map<
  string,
  VerificationAlgorithm
>([
  ['RS256', { kty: 'RSA', hash: 'sha256' }],
  ['RS384', { kty: 'RSA', hash: 'sha384' }],
  ['RS512', { kty: 'RSA', hash: 'sha512' }],
  ['PS256', { kty: 'RSA', hash: 'sha256', options: pss }],
  ['ES256', { kty: 'EC', crv: 'P-256', hash: 'sha256', options: concatenated, signatureBytes: 64 }],
  ['ES384', { kty: 'EC', crv: 'P-384', hash: 'sha384', options: concatenated, signatureBytes: 96 }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519', hash: null, signatureBytes: 64 }],
]);
