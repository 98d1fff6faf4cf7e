import { encode } from 'cborg';
import { createHmac, type KeyObject } from 'node:crypto';
import type { SharedKey } from '../jws/sign-hs256.ts';
import type { SigningKey } from '../jws/sign.ts';

/**
 * COSE (RFC 9052): one signature (COSE_Sign1), or one MAC (COSE_Mac0), over bytes. The package cborg encodes CBOR. This file
 * has only the part of COSE that signing such tokens needs.
 */

/** CBOR maps have integers for keys, which objects cannot have. */
export type CborMap = ReadonlyMap<number | string, unknown>;

/** The bytes to sign, and the two headers. */
export interface CoseContent {
  readonly protectedHeader: CborMap;
  readonly unprotectedHeader: CborMap;
  readonly payload: Uint8Array;
}

/** How a MAC is made, for servers that differ from RFC 9052. */
export interface MacForm {
  /** The key of the MAC; default: the secret's own bytes. */
  readonly macKey?: (key: SharedKey) => Uint8Array | KeyObject;
  /** The first member of the structure that the MAC covers; RFC 9052 §6.3 says `MAC0`. */
  readonly macContext?: 'MAC0' | 'Signature1';
}

const NOTHING = new Uint8Array(0);

/**
 * The four members of a COSE_Mac0 for an HS256 key, of a COSE_Sign1 for others (RFC 9052 §4.2 and §6.2). Rejects if the key is
 * held elsewhere and cannot sign now.
 */
export async function toCose(
  { protectedHeader, unprotectedHeader, payload }: CoseContent,
  key: SigningKey,
  form: MacForm = {},
): Promise<readonly unknown[]> {
  const header = encode(protectedHeader);
  return [header, unprotectedHeader, payload, await proofOf(header, payload, key, form)];
}

/** The MAC (RFC 9052 §6.3) or the signature (§4.4) of a payload and its protected header. */
async function proofOf(
  protectedHeader: Uint8Array,
  payload: Uint8Array,
  key: SigningKey,
  { macKey = ({ key: own }) => own, macContext = 'MAC0' }: MacForm,
): Promise<Uint8Array> {
  if (key.alg === 'HS256') {
    const input = encode([macContext, protectedHeader, NOTHING, payload]);
    return 'sign' in key ? key.sign(input) : createHmac('sha256', macKey(key)).update(input).digest();
  }
  const input = encode(['Signature1', protectedHeader, NOTHING, payload]);
  if ('sign' in key) return key.sign(input);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  return new Uint8Array(await globalThis.crypto.subtle.sign(algorithm, key.key, input));
}
