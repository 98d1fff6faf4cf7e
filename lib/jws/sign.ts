import { createHmac, createPrivateKey, createSecretKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from '../targets/target.ts';
import type { JsonObject } from './compact.ts';

/** A key that signs, made once. */
export interface SigningKey {
  readonly alg: SigningAlgorithm;
  readonly kid: string;
  readonly key: KeyObject;
}

/** The key of an HS256 secret: the UTF-8 bytes of its text, as the media servers take it. */
export function hmacKey(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}

/** What a private JWK (RFC 7517) for an algorithm has to be (RFC 7518 §6, RFC 8037 §2). */
const KEY_SHAPE = {
  RS256: { kty: 'RSA', type: 'rsa', curve: undefined },
  ES256: { kty: 'EC', type: 'ec', curve: 'prime256v1' },
  EdDSA: { kty: 'OKP', type: 'ed25519', curve: undefined },
} as const;

/** The key of a private JWK's JSON text, or `undefined` where it is none for this algorithm. */
export function privateKeyFromJwk(
  text: string,
  alg: Exclude<SigningAlgorithm, 'HS256'>,
): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: JSON.parse(text) as JsonWebKeyInput, format: 'jwk' });
    const { type, curve } = KEY_SHAPE[alg];
    const details = key.asymmetricKeyDetails;
    if (key.asymmetricKeyType !== type || (curve !== undefined && details?.namedCurve !== curve))
      return undefined;
    return alg === 'RS256' && (details?.modulusLength ?? 0) < 2048 ? undefined : key;
  } catch {
    return undefined;
  }
}

type JsonWebKeyInput = { readonly kty: string };

/**
 * A JWT in compact form (RFC 7515 §7.1) with the header `alg`, `typ: JWT` and `kid`. Claims are signed as they are given.
 */
export function signCompact(claims: JsonObject, key: SigningKey): string {
  const header = `{"alg":"${key.alg}","typ":"JWT","kid":${JSON.stringify(key.kid)}}`;
  const input = `${toBase64url(header)}.${toBase64url(JSON.stringify(claims))}`;
  return `${input}.${signatureOf(input, key)}`;
}

function toBase64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

function signatureOf(input: string, { alg, key }: SigningKey): string {
  if (alg === 'HS256') return createHmac('sha256', key).update(input).digest('base64url');
  // A JWS holds ECDSA signatures as two numbers of fixed size (RFC 7518 §3.4), not in DER.
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), {
    key,
    dsaEncoding: 'ieee-p1363',
  });
  return signature.toString('base64url');
}
