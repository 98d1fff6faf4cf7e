import { createHash } from 'node:crypto';
import { hmacKey, type SharedKey } from '../jws/sign-hs256.ts';
import { privateKeyFromJwk, type HeldKey, type HeldSecret, type PrivateKey } from '../jws/sign.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/** The value of one version as GetSecretValue gives it; or, in its place, what is known of a key that KMS holds. */
export interface SecretValue {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
  readonly kms?: KmsKey;
}

/** A key that KMS holds, or why it cannot sign now. */
export type KmsKey = KeyInKms | { readonly problem: string };
type KeyInKms = Omit<HeldKey, 'kid'> | Omit<HeldSecret, 'kid'>;

/** What a secret's key is made of; only its `kid` comes from elsewhere. */
type KeyMaterial = Omit<SharedKey, 'kid'> | Omit<PrivateKey, 'kid'> | KeyInKms;

/**
 * A value that may be a secret, as its text and as the key that signs; or what is wrong with it, without its value. The text
 * of a key that KMS holds is empty.
 */
export type CheckedSecret<Material = KeyMaterial> =
  | { readonly usable: true; readonly text: string; readonly material: Material }
  | { readonly usable: false; readonly problem: string };

/**
 * What a shared secret may be: nothing in it has a meaning in a properties, Lua, YAML or shell file, and its UTF-8 bytes
 * are at least as many as HS256 needs (RFC 7518 §3.2).
 */
const SHARED_SECRET = /^[A-Za-z0-9+/=_-]{32,256}$/;

/** What a shared secret may be, for messages. */
export const ALLOWED_SECRET = '32 to 256 characters out of A-Z a-z 0-9 + / = _ -';

/**
 * Whether a version's value may be a target's secret. Issuers, verifiers, rotation, node agents and probes all ask this
 * function, so that they agree. HS256: a string of {@link ALLOWED_SECRET}. Others: a private JWK (RFC 7517) for exactly this
 * algorithm, in JSON that may hold white space.
 */
export async function checkSecret(value: SecretValue, signing: SigningAlgorithm): Promise<CheckedSecret> {
  if (value.kms !== undefined) return checkKeyInKms(value.kms);
  if (signing === 'HS256') return checkSharedSecret(value);
  const text = value.SecretString;
  if (text === undefined) return { usable: false, problem: withoutText(value, signing) };
  const pair = await privateKeyFromJwk(text, signing);
  return pair === undefined
    ? { usable: false, problem: notJwk(signing) }
    : { usable: true, text, material: { alg: signing, ...pair } };
}

/** What {@link checkSecret} says of a key that KMS holds. */
export function checkKeyInKms(kms: KmsKey): CheckedSecret<KeyInKms> {
  return 'problem' in kms ? { usable: false, ...kms } : { usable: true, text: '', material: kms };
}

/** What {@link checkSecret} says of an HS256 secret. */
export function checkSharedSecret(value: SecretValue): CheckedSecret<Omit<SharedKey, 'kid'>> {
  const text = value.SecretString;
  if (text === undefined) return { usable: false, problem: withoutText(value, 'HS256') };
  if (SHARED_SECRET.test(text)) return { usable: true, text, material: { alg: 'HS256', key: hmacKey(text) } };
  const form = /^\s*\{/.test(text) ? " (this looks like the console's key/value form: choose Plaintext)" : '';
  return { usable: false, problem: `is not ${ALLOWED_SECRET}${form}` };
}

function withoutText(value: SecretValue, signing: SigningAlgorithm): string {
  if (value.SecretBinary === undefined) return 'has no value';
  return signing === 'HS256'
    ? `is binary: it must be a string of ${ALLOWED_SECRET}`
    : `is binary: ${notJwk(signing)}`;
}

function notJwk(signing: SigningAlgorithm): string {
  return `is not a private JWK for ${signing}: it must be one JSON object as RFC 7517 describes it`;
}

/** The `kid` of tokens signed with a version: the first 8 characters of its id, enough to tell live versions apart. */
export function kidOf(versionId: string): string {
  return versionId.slice(0, 8);
}

/** A secret of more bytes than this is hashed first: it is SHA-256's block (RFC 2104 §2). */
const LONGEST_HMAC_KEY = 64;

/** The bytes that HMAC with SHA-256 computes with: those of the secret, or of its SHA-256 if it is long. */
export function hmacKeyBytes(secret: string): Buffer {
  const bytes = Buffer.from(secret, 'utf8');
  return bytes.length > LONGEST_HMAC_KEY ? createHash('sha256').update(bytes).digest() : bytes;
}

/** What may be shown of a secret: the first 16 hex digits of the SHA-256 of its key, so that they are not part of the key. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(hmacKeyBytes(secret)).digest('hex').slice(0, 16);
}
