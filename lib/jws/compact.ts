import { isUtf8 } from 'node:buffer';

/** A parsed JSON object: any member may be missing or of any JSON type. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A JWS in its compact serialization, taken apart. Nothing in it is verified yet. */
export interface Jws {
  /** The JOSE header. */
  readonly header: JsonObject;
  /** The payload's bytes. */
  readonly payload: Buffer;
  /** The text that is signed: the first two parts and the dot between them, ASCII. */
  readonly signingInput: string;
  /** The signature's bytes; empty if the third part is empty. */
  readonly signature: Buffer;
}

/** A JWS whose payload is a claims set, which makes it a signed JWT. */
export interface CompactJws extends Jws {
  readonly claims: JsonObject;
}

/**
 * The parts of a signed JWT (RFC 7519 §7.2): a compact JWS whose payload is a JSON object in valid UTF-8. `undefined` if it is
 * not one. Verifies nothing. The caller limits the length.
 */
export function decodeCompactJws(token: string): CompactJws | undefined {
  const jws = decodeJws(token);
  const claims = jws && parseUtf8Object(jws.payload);
  return claims && { ...jws, claims };
}

/**
 * The parts of a compact JWS with any payload (RFC 7515 §7.1): three parts of canonical base64url, the first a JSON object in
 * valid UTF-8. `undefined` if it is not one. If a header member occurs twice, the last one counts (§4).
 */
export function decodeJws(token: string): Jws | undefined {
  const [header = '', payload = '', signature, more] = token.split('.', 4);
  if (signature === undefined || more !== undefined) return undefined;
  const bytes = {
    header: fromBase64url(header),
    payload: fromBase64url(payload),
    signature: fromBase64url(signature),
  };
  if (!bytes.header || !bytes.payload || !bytes.signature) return undefined;
  const parsedHeader = parseUtf8Object(bytes.header);
  if (parsedHeader === undefined) return undefined;
  return {
    header: parsedHeader,
    payload: bytes.payload,
    signingInput: token.slice(0, header.length + 1 + payload.length),
    signature: bytes.signature,
  };
}

/**
 * The bytes of base64url text (RFC 7515 §2), or `undefined` if it is not their one canonical form. `Buffer` alone would skip
 * unknown characters and accept padding and unused bits, so that one token could be written in many ways.
 */
function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function parseUtf8Object(bytes: Buffer): JsonObject | undefined {
  return isUtf8(bytes) ? parseJsonObject(bytes.toString('utf8')) : undefined;
}

/**
 * The JSON object of a text, or `undefined` if it is not one. A member named `__proto__` becomes a plain own member, as
 * `JSON.parse` makes it: it changes no prototype.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a parsed JSON value is an object: not an array and not `null`. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
