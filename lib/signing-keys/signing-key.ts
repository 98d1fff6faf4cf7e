import { hmacKey, privateKeyFromJwk } from '../jws/sign.ts';
import type { SigningKey } from '../jws/sign.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import { judgeSecret, kidOf } from './secret.ts';
import type { SecretValue } from './secret.ts';

/** A version's key, or what is wrong with the version's value, without the value. */
export type MadeKey =
  { readonly usable: true; readonly key: SigningKey } | { readonly usable: false; readonly problem: string };

/** Makes a version's value a key: the text itself for HS256, a private JWK (RFC 7517) for the others. */
export function toSigningKey(versionId: string, value: SecretValue, signing: SigningAlgorithm): MadeKey {
  const secret = judgeSecret(value);
  if (!secret.usable) return secret;
  const kid = kidOf(versionId);
  if (signing === 'HS256') return { usable: true, key: { alg: signing, kid, key: hmacKey(secret.text) } };
  const key = privateKeyFromJwk(secret.text, signing);
  return key === undefined
    ? { usable: false, problem: `is no private JWK for ${signing}` }
    : { usable: true, key: { alg: signing, kid, key } };
}
