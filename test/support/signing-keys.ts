import { generateKeyPair } from 'jose';
import type { PrivateKey, PublicKeyAlgorithm } from '../../lib/jws/sign.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import type { SharedKey } from '../../lib/jws/sign-hs256.ts';

/** The key of a shared secret. */
export function sharedKey(kid: string, text: string): SharedKey {
  return { alg: 'HS256', kid, key: hmacKey(text) };
}

/** A new key pair that signs tokens of ours. */
export async function newPrivateKey(alg: PublicKeyAlgorithm, kid: string): Promise<PrivateKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, key: privateKey, publicKey };
}
