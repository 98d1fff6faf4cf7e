import type { CryptoKey } from 'jose';

/** RFC 7518 §3.3 and §3.5: a smaller RSA key must not be used. */
const MINIMUM_RSA_BITS = 2048;

/** A larger modulus makes each verification slow, and no provider has one. */
const MAXIMUM_RSA_BITS = 8192;

/**
 * Whether an RSA key has a secure size and exponent: with an exponent of 1 anyone could sign. True for other keys, because
 * their import checks them.
 */
export function isSoundKey({ algorithm }: CryptoKey): boolean {
  if (!('modulusLength' in algorithm && 'publicExponent' in algorithm)) return true;
  const { modulusLength: bits, publicExponent } = algorithm as RsaAlgorithm;
  const exponent = BigInt(`0x0${Buffer.from(publicExponent).toString('hex')}`);
  return bits >= MINIMUM_RSA_BITS && bits <= MAXIMUM_RSA_BITS && exponent >= 3n && exponent % 2n === 1n;
}

/** W3C Web Cryptography, "RsaHashedKeyAlgorithm". */
interface RsaAlgorithm {
  readonly modulusLength: number;
  /** Big-endian. */
  readonly publicExponent: Uint8Array;
}
