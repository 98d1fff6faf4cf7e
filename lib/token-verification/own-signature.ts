import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { Jws } from '../jws/compact.ts';
import type { SigningKey } from '../jws/sign.ts';

/** Length of a signature in bytes, where it does not depend on the key (RFC 7518 §3.4, RFC 8032 §5.1.6). */
const SIGNATURE_BYTES = { HS256: 32, RS256: undefined, ES256: 64, EdDSA: 64 } as const;

/**
 * Whether we signed this with `key`: by the key's own algorithm, whatever the header says, and for a shared secret compared
 * in constant time. Looks at nothing but the signature.
 */
export function isSignedWith({ signingInput, signature }: Jws, { alg, key }: SigningKey): boolean {
  if (signature.length !== (SIGNATURE_BYTES[alg] ?? signature.length)) return false;
  if (alg === 'HS256') {
    return timingSafeEqual(createHmac('sha256', key).update(signingInput).digest(), signature);
  }
  const input = Buffer.from(signingInput, 'latin1');
  return verify(alg === 'EdDSA' ? null : 'sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
