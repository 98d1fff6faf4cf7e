import { decode } from 'cborg';
import { createHmac, hkdfSync } from 'node:crypto';
import * as v from 'valibot';
import { moqx } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** The actions of CAT-4-MOQT that a client of each of ours sends. */
const SENT: Readonly<Record<string, readonly number[]>> = {
  publish: [2, 6],
  subscribe: [3, 4, 5, 7, 8],
  serve: [1],
};
const CLIENT_SETUP = 0;

const bytes = v.instance(Uint8Array);
const match = v.tuple([v.picklist([0, 1, 2, 3]), bytes]);
const matches = v.optional(v.array(v.union([bytes, match])), []);
const scopes = v.array(v.looseTuple([v.array(v.number()), matches, matches]));
const message = v.tuple([bytes, v.map(v.unknown(), v.unknown()), bytes, bytes]);

/**
 * moqx, by its source: the MAC under the key that is derived from the secret with this `kid`, then `exp`, then the scopes,
 * each a list of actions, and of matches that a namespace has to satisfy all.
 *
 * @see openmoq/moqx `src/auth/Auth.cpp`, `src/auth/HmacKey.cpp`; Quicr/catapult `src/cwt.cpp`
 */
export const moqxServer: ConformingServer = {
  target: moqx({}),
  powers: ['serve'],
  longest: 200,
  decide(token, keys, now) {
    const [protectedHeader, , payload, tag] = v.parse(message, read(Buffer.from(token, 'base64url')));
    const kid = v.parse(v.string(), v.parse(v.map(v.number(), v.unknown()), read(protectedHeader)).get(4));
    const secret = keys.find((key) => key.kid === kid)?.secret ?? '';
    const key = hkdfSync('sha256', secret, 'moqx-catapult-v1', 'moqx-catapult-hmac-token-verify', 32);
    // ["MAC0", protected, h'', payload] (RFC 9052 §6.3), byte by byte.
    const input = Buffer.concat([
      Buffer.from('84644d414330', 'hex'),
      byteString(protectedHeader),
      Buffer.from('40', 'hex'),
      byteString(payload),
    ]);
    if (!createHmac('sha256', Buffer.from(key)).update(input).digest().equals(tag)) return () => false;
    const claims = v.parse(v.map(v.number(), v.unknown()), read(payload));
    const exp = v.parse(v.optional(v.number(), Infinity), claims.get(4));
    const granted = v.parse(scopes, read(v.parse(bytes, claims.get(65000))));
    const allows = (action: number, namespace: Buffer): boolean =>
      now < exp &&
      granted.some(
        ([actions, ofNamespace]) =>
          actions.includes(action) &&
          ofNamespace.every((one) => (Array.isArray(one) ? isMatch(one, namespace) : namespace.equals(one))),
      );
    return ({ action, room }) =>
      allows(CLIENT_SETUP, Buffer.alloc(0)) &&
      (SENT[action] ?? []).every((number) => allows(number, namespaceOf(room.split('/'))));
  },
};

function read(cbor: Uint8Array): unknown {
  return decode(cbor, { useMaps: true });
}

function byteString(content: Uint8Array): Buffer {
  const { length } = content;
  const head =
    length < 24 ? [0x40 + length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function isMatch([type, pattern]: v.InferOutput<typeof match>, namespace: Buffer): boolean {
  if (type === 0) return namespace.equals(pattern);
  if (type === 1) return namespace.subarray(0, pattern.length).equals(pattern);
  if (type === 2) return namespace.subarray(-pattern.length).equals(pattern);
  return namespace.includes(Buffer.from(pattern));
}

function namespaceOf(fields: readonly string[]): Buffer {
  return Buffer.concat(
    fields.map((field) => Buffer.concat([Buffer.from([0, 0, 0, field.length]), Buffer.from(field)])),
  );
}
