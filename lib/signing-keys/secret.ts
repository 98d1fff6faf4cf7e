import { createHash } from 'node:crypto';

/** RFC 7518 §3.2: a key for HS256 has at least the size of the hash output. */
export const MINIMUM_SECRET_BYTES = 32;

/** The value of one version as GetSecretValue gives it. */
export interface SecretValue {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}

/** A secret that may sign, as the text whose UTF-8 bytes are the key; or what is wrong with it, without its value. */
export type JudgedSecret =
  { readonly usable: true; readonly text: string } | { readonly usable: false; readonly problem: string };

/**
 * Whether a value may be an HS256 secret: text of at least 32 bytes without control characters. Servers read it from one
 * line of a config file and use its UTF-8 bytes, so a binary value or a line break could never match.
 */
export function judgeSecret(value: SecretValue): JudgedSecret {
  const text = value.SecretString;
  if (text === undefined) {
    const problem =
      value.SecretBinary === undefined ? 'has no value' : 'is binary: a secret is text of 32 bytes or more';
    return { usable: false, problem };
  }
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) {
    return { usable: false, problem: 'holds a control character: servers read it from one line of text' };
  }
  if (Buffer.byteLength(text) < MINIMUM_SECRET_BYTES) {
    return { usable: false, problem: `is shorter than ${MINIMUM_SECRET_BYTES} bytes` };
  }
  return { usable: true, text };
}

/** The `kid` of tokens signed with a version: the first 8 characters of its id, enough to tell live versions apart. */
export function kidOf(versionId: string): string {
  return versionId.slice(0, 8);
}

/** What may be shown of a secret: the first 16 hex digits of its SHA-256. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex').slice(0, 16);
}
