import { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import type { CryptoKey } from 'jose';
import { onceFor } from '../once-for.ts';
import { makesDemands } from './header.ts';
import { verificationKeyOf, type SigningKey } from './sign.ts';

/**
 * Whether a compact JWS is signed with this key by its algorithm, as {@link hasValidSignature}. If another service holds the
 * secret, this calls that service, and rejects if it does not answer.
 *
 * @param token attacker-controlled; its form was checked
 */
export async function isSignedBy(token: string, key: SigningKey): Promise<boolean> {
  return 'verify' in key ? key.verify(token) : hasValidSignature(token, verificationKeyOf(key), key.alg);
}

/**
 * Whether a compact JWS is signed with this key by this algorithm (RFC 7515 §5.2), which the caller chooses. A header that
 * names another algorithm is refused, and so is one that {@link makesDemands}. Does not look at the payload. Never rejects.
 *
 * @param token attacker-controlled; `decodeJws` has checked its form: base64url in its one canonical form
 */
export async function hasValidSignature(
  token: string,
  key: CryptoKey | KeyObject,
  algorithm: string,
): Promise<boolean> {
  return compactVerify(token, cryptoKeyOf(key), { algorithms: [algorithm] }).then(
    ({ protectedHeader }) => !makesDemands(protectedHeader),
    () => false,
  );
}

/** A secret as Web Crypto takes it, made once: `jose` would import it anew for each token. */
const cryptoKeyOf = onceFor((key: CryptoKey | KeyObject) =>
  key instanceof KeyObject && key.type === 'secret'
    ? key.toCryptoKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['verify'])
    : key,
);
