import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/**
 * A new secret: for HS256 the 43 characters of base64url that 32 random bytes make, so that no properties, Lua, YAML or
 * shell file needs an escape; else a private JWK (RFC 7517) as JSON text.
 */
export function makeSecret(signing: SigningAlgorithm, randomBytes: (count: number) => Buffer): string {
  if (signing === 'HS256') return randomBytes(32).toString('base64url');
  return JSON.stringify({ ...makePrivateKey(signing).export({ format: 'jwk' }), alg: signing });
}

function makePrivateKey(signing: Exclude<SigningAlgorithm, 'HS256'>): KeyObject {
  switch (signing) {
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
  }
}
