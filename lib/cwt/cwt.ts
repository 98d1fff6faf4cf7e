import { decode, encode, Tagged } from 'cborg';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import type { SigningKey } from '../jws/sign.ts';
import { toCose, type CborMap, type MacForm } from './cose.ts';

/** A token taken apart. Nothing in it is verified. */
export interface Cwt {
  /** COSE's number of the algorithm, and the key's id as it stands: bytes or a string, protected or not. */
  readonly header: CborMap;
  readonly claims: CborMap;
}

/** How the parts of a token are written, for servers that differ from the RFCs. */
export interface CwtForm extends MacForm {
  /** Whether the token begins with the tags that name its type (RFC 8392 §6); default true. */
  readonly tagged?: boolean;
  /** Whether the key's id is bytes (RFC 9052 §3.1) or a string; default bytes. */
  readonly kid?: 'bytes' | 'string';
}

/** RFC 9053 §2.1 and §3.1: the numbers of the algorithms. */
export const COSE_ALGORITHMS: Readonly<Partial<Record<SigningAlgorithm, number>>> = {
  HS256: 5,
  ES256: -7,
};

/** RFC 9052 §3.1: labels of header parameters. */
export const COSE_HEADER = { alg: 1, kid: 4 } as const;

/** RFC 8392 §6 and RFC 9052 §2: the tags of a token. */
const TAGS = { cwt: 61, mac0: 17, sign1: 18 } as const;

/**
 * A CBOR Web Token (RFC 8392) in base64url: COSE_Mac0 for HS256, COSE_Sign1 for others, with `alg` and `kid` in the protected
 * header. Rejects if the key is held elsewhere and cannot sign now.
 *
 * @throws {TypeError} the key's algorithm is not in `COSE_ALGORITHMS`
 */
export async function signCwt(claims: CborMap, key: SigningKey, form: CwtForm = {}): Promise<string> {
  const alg = COSE_ALGORITHMS[key.alg];
  if (alg === undefined) throw new TypeError(`CWTs are not signed with ${key.alg}`);
  const kid = form.kid === 'string' ? key.kid : Buffer.from(key.kid, 'utf8');
  const protectedHeader = new Map<number, unknown>([
    [COSE_HEADER.alg, alg],
    [COSE_HEADER.kid, kid],
  ]);
  const content = { protectedHeader, unprotectedHeader: new Map(), payload: encode(claims) };
  const message = await toCose(content, key, form);
  const tag = key.alg === 'HS256' ? TAGS.mac0 : TAGS.sign1;
  const token =
    form.tagged === false ? encode(message) : encode(new Tagged(TAGS.cwt, new Tagged(tag, message)));
  return Buffer.from(token).toString('base64url');
}

/** The header and the claims of a token; `undefined` if it is not a CWT. Verifies nothing. */
export function decodeCwt(token: string): Cwt | undefined {
  const message = decodeCbor(Buffer.from(token, 'base64url'), UNTAGGED);
  if (!Array.isArray(message) || message.length !== 4) return undefined;
  const [protectedHeader, unprotected, payload]: readonly unknown[] = message;
  if (!(protectedHeader instanceof Uint8Array) || !(payload instanceof Uint8Array)) return undefined;
  const [header, claims] = [protectedHeader, payload].map((bytes) => decodeCbor(bytes));
  return isCborMap(header) && isCborMap(unprotected) && isCborMap(claims)
    ? { header: new Map([...unprotected, ...header]), claims }
    : undefined;
}

const UNTAGGED = Object.fromEntries(
  Object.values(TAGS).map((tag) => [tag, (content: () => unknown): unknown => content()]),
);

/**
 * The value of CBOR bytes, with maps as `Map`; `undefined` if they are not CBOR, or a map has a key twice.
 *
 * @param bytes attacker-controlled
 * @param tags decodes a tagged value, by its tag; other tags are refused
 */
export function decodeCbor(bytes: Uint8Array, tags: typeof UNTAGGED = {}): unknown {
  try {
    return decode(bytes, { useMaps: true, rejectDuplicateMapKeys: true, tags });
  } catch {
    return undefined;
  }
}

/** Whether a decoded value is a map whose keys are numbers and strings alone. */
export function isCborMap(value: unknown): value is CborMap {
  return (
    value instanceof Map &&
    [...value.keys()].every((key) => typeof key === 'number' || typeof key === 'string')
  );
}
