import { encode } from 'cborg';
import { hkdfSync, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { decodeCbor, decodeCwt, signCwt, type CwtForm } from '../../cwt/cwt.ts';
import { CWT_CLAIMS, fromCwtClaims, readCoseHeader, toCwtClaims, type Labels } from '../../cwt/labels.ts';
import { onceFor } from '../../once-for.ts';
import { ROOM_PATH } from '../../policy/room.ts';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims, TokenForm } from '../target.ts';

/** Options of a moqx target. */
export interface MoqxOptions extends TargetOptions {
  /**
   * The first string of what the HMAC is over: `MAC0`, as RFC 9052 says, or `Signature1` for a moqx that was built with an older catapult;
   * default `MAC0`.
   */
  readonly macContext?: 'MAC0' | 'Signature1';
}

const schema: v.GenericSchema<unknown, MoqxOptions> = v.strictObject({
  ...targetOptions,
  macContext: v.exactOptional(v.picklist(['MAC0', 'Signature1'])),
});

/** draft-ietf-moq-c4m, "Actions": their numbers. */
const MOQT_ACTIONS = {
  CLIENT_SETUP: 0,
  PUBLISH_NAMESPACE: 2,
  SUBSCRIBE_NAMESPACE: 3,
  SUBSCRIBE: 4,
  REQUEST_UPDATE: 5,
  PUBLISH: 6,
  FETCH: 7,
  TRACK_STATUS: 8,
} as const;
type MoqtAction = keyof typeof MOQT_ACTIONS;

/** What a client sends for each of our actions. */
const ALLOWED: Readonly<Record<string, readonly MoqtAction[]>> = {
  publish: ['PUBLISH_NAMESPACE', 'PUBLISH'],
  subscribe: ['SUBSCRIBE_NAMESPACE', 'SUBSCRIBE', 'REQUEST_UPDATE', 'FETCH', 'TRACK_STATUS'],
};

/**
 * moqx, a relay of Media over QUIC: CWTs with the `moqt` claim of CAT-4-MOQT, several secrets by `kid`. A room is a namespace.
 * A token is good for it and for all below it, and names nobody. The key of an HMAC is derived from the secret (HKDF, RFC
 * 5869).
 *
 * @see openmoq/moqx `src/auth/Auth.cpp`, `src/auth/HmacKey.cpp`; Quicr/catapult `src/cwt.cpp`; draft-ietf-moq-c4m
 */
export const moqx = defineTarget('moqx', schema, (options) => ({
  signing: 'HS256',
  keys: 'keyring',
  longestToken: options.longestToken ?? 3600,
  actions: Object.keys(ALLOWED),
  transports: [],
  roomsPerToken: 16,
  roomsArePaths: true,
  takesSession: false,
  omitsIssuedAt: true,
  omitsForWhom: true,
  namesNobody: true,
  foldsRoomCase: false,
  form: moqxForm(options.macContext ?? 'MAC0'),
  claims: toMoqxClaims,
  readClaims: readMoqxClaims,
}));

/** Every session begins with CLIENT_SETUP, which names no namespace. */
function toMoqxClaims({ grant }: ClaimsInput): ServerClaims {
  const actions = grant.actions.flatMap((action) => ALLOWED[action] ?? []);
  const places = grant.rooms === '*' ? [{}] : grant.rooms.map((namespace) => ({ namespace }));
  return {
    moqt: [{ actions: ['CLIENT_SETUP'] }, ...places.map((place) => ({ actions, ...place }))],
  };
}

function readMoqxClaims({ moqt }: ServerClaims): ClaimedGrant | undefined {
  const scopes = v.safeParse(scopesSchema, moqt);
  if (!scopes.success) return undefined;
  const [setup, first, ...more] = scopes.output;
  if (setup === undefined || first === undefined || setup.namespace !== undefined) return undefined;
  if (setup.actions.join() !== 'CLIENT_SETUP') return undefined;
  const actions = Object.keys(ALLOWED).filter((action) =>
    ALLOWED[action]?.every((one) => first.actions.includes(one)),
  );
  const named = actions.flatMap((action) => ALLOWED[action] ?? []).join();
  if (named === '' || ![first, ...more].every((scope) => scope.actions.join() === named)) return undefined;
  const rooms = [first, ...more].map(({ namespace }) => namespace).filter((room) => room !== undefined);
  if (rooms.length === 0 && more.length === 0) return { subject: '', actions, rooms: '*', transports: [] };
  return rooms.length === more.length + 1 && rooms.every((room) => ROOM_PATH.test(room))
    ? { subject: '', actions, rooms, transports: [] }
    : undefined;
}

const scopesSchema = v.array(
  v.strictObject({
    actions: v.array(v.picklist(Object.keys(MOQT_ACTIONS) as MoqtAction[])),
    namespace: v.exactOptional(v.string()),
  }),
);

/** catapult's own label for `moqt` until IANA gives one; its value is a byte string with CBOR in it. */
const CLAIMS: Labels = { ...CWT_CLAIMS, moqt: 65000 };

/** CTA-5007-B: a match by the beginning. */
const PREFIX = 1;

function moqxForm(macContext: 'MAC0' | 'Signature1'): TokenForm {
  // moqx reads no tags, and a `kid` only if it is a string.
  const form: CwtForm = { macKey: ({ key }) => derived(key), macContext, tagged: false, kid: 'string' };
  return {
    name: 'CWT',
    derivesKey: true,
    write: async ({ moqt, ...claims }, key) =>
      signCwt(
        toCwtClaims({ ...claims, moqt: encode(v.parse(scopesSchema, moqt).map(toScope)) }, CLAIMS),
        key,
        form,
      ),
    read: (token) => {
      const cwt = decodeCwt(token);
      const claims = cwt && fromCwtClaims(cwt.claims, CLAIMS);
      const scopes = claims && readScopes(claims['moqt']);
      return cwt && scopes && { header: readCoseHeader(cwt.header), claims: { ...claims, moqt: scopes } };
    },
  };
}

type Scope = v.InferOutput<typeof scopesSchema>[number];

function toScope({ actions, namespace }: Scope): readonly unknown[] {
  const numbers = actions.map((action) => MOQT_ACTIONS[action]);
  return namespace === undefined ? [numbers] : [numbers, [[PREFIX, toFields(namespace)]]];
}

/**
 * A namespace as moqx compares it: each field follows its length in four bytes, so that a field never matches the beginning of
 * another one.
 */
function toFields(namespace: string): Uint8Array {
  return Buffer.concat(
    namespace.split('/').flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(field));
      return [length, Buffer.from(field)];
    }),
  );
}

/** A scope as it stands in a token: the numbers of actions, then maybe matches, each a type and bytes. */
const encodedScopes = v.array(v.looseTuple([v.array(v.number()), v.optional(v.array(v.array(v.unknown())))]));

/** The content of a token's `moqt`, for `npm run explain`; `undefined` if it does not have our form. */
function readScopes(value: unknown): readonly unknown[] | undefined {
  const scopes = v.safeParse(encodedScopes, value instanceof Uint8Array ? decodeCbor(value) : undefined);
  if (!scopes.success) return undefined;
  const names = new Map<unknown, string>(
    Object.entries(MOQT_ACTIONS).map(([name, number]) => [number, name]),
  );
  return scopes.output.map(([actions, matches]) => ({
    actions: actions.map((number) => names.get(number) ?? number),
    ...(matches !== undefined && { namespace: fromMatches(matches) }),
  }));
}

function fromMatches(matches: readonly (readonly unknown[])[]): unknown {
  const [match, ...more] = matches;
  const [type, bytes] = match ?? [];
  if (more.length > 0 || type !== PREFIX || !(bytes instanceof Uint8Array)) return matches;
  const fields: string[] = [];
  const view = Buffer.from(bytes);
  for (let at = 0; at + 4 <= view.length; at += 4 + view.readUInt32BE(at)) {
    fields.push(view.toString('utf8', at + 4, at + 4 + view.readUInt32BE(at)));
  }
  return fields.join('/');
}

/** `src/auth/HmacKey.cpp`: HKDF-SHA256 of the secret's text, 32 bytes. */
const derived = onceFor(
  (secret: KeyObject) =>
    new Uint8Array(hkdfSync('sha256', secret, 'moqx-catapult-v1', 'moqx-catapult-hmac-token-verify', 32)),
);
