import { CompactSign, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import type { SigningAlgorithm } from './signing-algorithm.ts';
import { isJsonObject } from './compact.ts';
import type { JsonObject } from './compact.ts';
import { signHs256, signingInputOf } from './sign-hs256.ts';
import type { SharedKey } from './sign-hs256.ts';
import { isSoundKey } from './sound-key.ts';

/** An algorithm whose tokens anyone can verify. */
export type PublicKeyAlgorithm = Exclude<SigningAlgorithm, 'HS256'>;

/** A private key that signs, and its public half, made once. */
export interface PrivateKey {
  readonly alg: PublicKeyAlgorithm;
  readonly kid: string;
  readonly key: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** A key that another service holds, such as AWS KMS, and that only signs there. */
interface Held {
  readonly kid: string;
  /** The signature of these bytes, as JWS has it (RFC 7518 §3). Rejects if the service does not sign. */
  readonly sign: (input: Uint8Array) => Promise<Uint8Array>;
  /** How long a signature is, in bytes, known before one is made. */
  readonly signatureBytes: number;
}

/** A private key that another service holds. */
export interface HeldKey extends Held {
  readonly alg: PublicKeyAlgorithm;
  readonly publicKey: CryptoKey;
}

/** A shared secret that another service holds. The media servers hold it as well. */
export interface HeldSecret extends Held {
  readonly alg: 'HS256';
  /** Whether a compact JWS is signed with it by this algorithm (RFC 7515 §5.2). Rejects if the service does not answer. */
  readonly verify: (token: string) => Promise<boolean>;
  /** Servers report this value to say that they hold the secret; absent if it is not known. */
  readonly fingerprint?: string;
}

/** A key that signs, made once. */
export type SigningKey = SharedKey | PrivateKey | HeldKey | HeldSecret;

/** The same key, but its signatures are zeros and cost no call. So a draft of a token shows its length. */
export function draftOf(key: SigningKey): SigningKey {
  return 'sign' in key ? { ...key, sign: () => Promise.resolve(new Uint8Array(key.signatureBytes)) } : key;
}

/** The key that verifies a signing key's signatures: the secret itself, or the public half of a private key. */
export function verificationKeyOf(key: Exclude<SigningKey, HeldSecret>): SharedKey['key'] | CryptoKey {
  return key.alg === 'HS256' ? key.key : key.publicKey;
}

/**
 * A JWT in compact form (RFC 7515 §7.1) with the header `alg`, `typ: JWT` and `kid`. Claims are signed as they are given.
 * Rejects if the key is held elsewhere and cannot sign now.
 */
export async function signCompact(claims: JsonObject, key: SigningKey): Promise<string> {
  if ('sign' in key) {
    const input = signingInputOf(claims, key);
    return `${input}.${Buffer.from(await key.sign(Buffer.from(input))).toString('base64url')}`;
  }
  if (key.alg === 'HS256') return signHs256(claims, key);
  return new CompactSign(Buffer.from(JSON.stringify(claims), 'utf8'))
    .setProtectedHeader({ alg: key.alg, typ: 'JWT', kid: key.kid })
    .sign(key.key);
}

/** Both halves of a private JWK's JSON text (RFC 7517), or `undefined` if it is not one for this algorithm. */
export async function privateKeyFromJwk(
  text: string,
  alg: PublicKeyAlgorithm,
): Promise<Pick<PrivateKey, 'key' | 'publicKey'> | undefined> {
  try {
    const jwk: unknown = JSON.parse(text);
    if (!isJsonObject(jwk)) return undefined;
    const { kty, crv, n, e, x, y } = jwk;
    const publicMembers = Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined);
    const [key, publicKey] = await Promise.all([
      // `key_ops` and `ext` are removed because they could forbid to sign with this key.
      importJWK({ ...jwk, key_ops: undefined, ext: undefined } as unknown as JWK, alg),
      importJWK(Object.fromEntries(publicMembers) as JWK, alg, { extractable: true }),
    ]);
    const isPair = isCryptoKey(key, 'private') && isCryptoKey(publicKey, 'public') && isSoundKey(key);
    return isPair ? { key, publicKey } : undefined;
  } catch {
    return undefined;
  }
}

/** `importJWK` gives a shared secret as bytes. */
function isCryptoKey(key: CryptoKey | Uint8Array, type: CryptoKey['type']): key is CryptoKey {
  return 'type' in key && key.type === type;
}
