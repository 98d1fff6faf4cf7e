/** How a target's tokens are signed (RFC 7518 §3.1, RFC 8037 §3.1). */
export type SigningAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';
