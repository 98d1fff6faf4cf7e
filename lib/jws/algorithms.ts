/** Which keys a signature algorithm takes. */
export interface KeyShape {
  /** RFC 7518 §6.1, RFC 8037 §2. */
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** The curve, if the key type has several. */
  readonly crv?: 'P-256' | 'P-384' | 'P-521' | 'Ed25519';
}

/**
 * The algorithms that a subject token may be signed with (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). All have public
 * keys, so that no public key can be mistaken for a shared secret.
 */
export const VERIFICATION_ALGORITHMS: ReadonlyMap<string, KeyShape> = new Map<string, KeyShape>([
  ['RS256', { kty: 'RSA' }],
  ['RS384', { kty: 'RSA' }],
  ['RS512', { kty: 'RSA' }],
  ['PS256', { kty: 'RSA' }],
  ['PS384', { kty: 'RSA' }],
  ['PS512', { kty: 'RSA' }],
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['ES384', { kty: 'EC', crv: 'P-384' }],
  ['ES512', { kty: 'EC', crv: 'P-521' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
]);
