import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { judgeSecret, type JudgedSecret, type SecretValue } from '../signing-keys/secret.ts';
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

/** Whether a value may be this target's secret; what is wrong with it is told without repeating it. */
export function judgeValue(value: SecretValue, signing: SigningAlgorithm): JudgedSecret {
  if (signing === 'HS256' || value.SecretString === undefined) return judgeSecret(value);
  const problem = keyProblem(value.SecretString, signing);
  return problem === undefined ? { usable: true, text: value.SecretString } : { usable: false, problem };
}

function keyProblem(text: string, signing: Exclude<SigningAlgorithm, 'HS256'>): string | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: JSON.parse(text), format: 'jwk' });
  } catch {
    return `is no private JWK: a ${signing} target needs one`;
  }
  const fits = {
    RS256: key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048,
    ES256: key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    EdDSA: key.asymmetricKeyType === 'ed25519',
  };
  return fits[signing] ? undefined : `is a private key, but not one for ${signing}`;
}
