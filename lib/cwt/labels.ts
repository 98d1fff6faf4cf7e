import { isJsonObject, type JsonObject } from '../jws/compact.ts';
import type { CborMap } from './cose.ts';
import { COSE_ALGORITHMS, COSE_HEADER, isCborMap } from './cwt.ts';

/** The integers that stand for names in a map. */
export type Labels = Readonly<Record<string, number>>;

/** RFC 8392 §4: the labels of the claims that JWTs have too; `jti` is called `cti` there. */
export const CWT_CLAIMS: Labels = { iss: 1, sub: 2, aud: 3, exp: 4, nbf: 5, iat: 6, jti: 7 };

/** A claims set with labels in place of names. A claim that has no label, or is `undefined`, is left out. A UUID in `jti` becomes its first 8 bytes. */
export function toCwtClaims({ jti, ...claims }: JsonObject, labels: Labels): CborMap {
  const named = { ...claims, ...(jti !== undefined && { jti: toCti(jti) }) };
  return new Map(
    Object.entries(named).flatMap(([name, value]) => {
      const label = labels[name];
      return label === undefined || value === undefined ? [] : [[label, value] as const];
    }),
  );
}

/** The claims by their names, with `jti` in hex; a label that has no name stays a number. */
export function fromCwtClaims(claims: CborMap, labels: Labels): JsonObject {
  const { jti, ...rest } = namesOf(claims, labels);
  return { ...rest, ...(jti !== undefined && { jti: fromCti(jti) }) };
}

/** An object within the claims as a map, with labels for its names. A value that is not an object stays as it is. */
export function toLabels(
  value: unknown,
  labels: Labels,
  inner: (value: unknown) => unknown = (one) => one,
): unknown {
  if (!isJsonObject(value)) return value;
  return new Map(Object.entries(value).map(([name, one]) => [labels[name] ?? name, inner(one)]));
}

/** The inverse of {@link toLabels}. */
export function toNames(
  value: unknown,
  labels: Labels,
  inner: (value: unknown) => unknown = (one) => one,
): unknown {
  if (!isCborMap(value)) return value;
  return Object.fromEntries(Object.entries(namesOf(value, labels)).map(([name, one]) => [name, inner(one)]));
}

/** The header with JOSE's names, and the key's id as a string. */
export function readCoseHeader(header: CborMap): JsonObject {
  const { alg, kid } = namesOf(header, COSE_HEADER);
  const [name] = Object.entries(COSE_ALGORITHMS).find(([, number]) => number === alg) ?? [];
  return {
    alg: name ?? alg,
    ...(kid !== undefined && { kid: kid instanceof Uint8Array ? Buffer.from(kid).toString('utf8') : kid }),
  };
}

function namesOf(map: CborMap, labels: Labels): JsonObject {
  const names = new Map(Object.entries(labels).map(([name, label]) => [label, name]));
  return Object.fromEntries(
    [...map].map(([label, value]) => [
      (typeof label === 'number' ? names.get(label) : undefined) ?? String(label),
      value,
    ]),
  );
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CTI_BYTES = 8;

/** Half of a UUID. Its 60 random bits suffice to tell tokens apart, and the token is eleven characters shorter. */
function toCti(jti: unknown): unknown {
  if (typeof jti !== 'string') return jti;
  return UUID.test(jti)
    ? Buffer.from(jti.replaceAll('-', ''), 'hex').subarray(0, CTI_BYTES)
    : Buffer.from(jti, 'utf8');
}

function fromCti(cti: unknown): unknown {
  return cti instanceof Uint8Array ? Buffer.from(cti).toString('hex') : cti;
}
