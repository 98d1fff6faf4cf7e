import { createHmac, timingSafeEqual } from 'node:crypto';

const digests: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/**
 * The HMAC of a text under the secret's UTF-8 bytes: none of the servers decodes base64.
 *
 * @returns `undefined` for an algorithm that is not an HMAC
 */
export function hmac(algorithm: string, secret: string, text: string): Buffer | undefined {
  const digest = Object.hasOwn(digests, algorithm) ? digests[algorithm] : undefined;
  return digest === undefined ? undefined : createHmac(digest, Buffer.from(secret)).update(text).digest();
}

/** Compares two signatures in constant time. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** JSON of base64url, or `undefined` if it is not JSON. Characters beyond base64url are ignored, as Node does. */
export function decodeJson(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object, and so may hold claims. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
