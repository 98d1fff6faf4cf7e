import { exportJWK, generateKeyPair } from 'jose';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/**
 * A new shared secret for servers, of which KMS holds the key: 86 characters of base64url. HMAC shortens a secret that is so
 * long to 32 bytes, and 32 bytes are what KMS imports.
 */
export function makeSecretForKms(randomBytes: (count: number) => Buffer): string {
  return randomBytes(64).toString('base64url');
}

/**
 * A new secret: for HS256 the 43 characters of base64url that 32 random bytes make, so that no properties, Lua, YAML or
 * shell file needs an escape; else a private JWK (RFC 7517) as JSON text.
 */
export async function makeSecret(
  signing: SigningAlgorithm,
  randomBytes: (count: number) => Buffer,
): Promise<string> {
  if (signing === 'HS256') return randomBytes(32).toString('base64url');
  const { privateKey } = await generateKeyPair(signing, { extractable: true, modulusLength: 2048 });
  return JSON.stringify({ ...(await exportJWK(privateKey)), alg: signing });
}
