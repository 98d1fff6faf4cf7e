import * as v from 'valibot';
import { ROOM_PATH } from '../../policy/room.ts';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of a moq-relay target. */
export interface MoqRelayOptions extends TargetOptions {
  /** Default `ES256`. */
  readonly signing?: 'ES256' | 'RS256' | 'EdDSA';
}

const schema: v.GenericSchema<unknown, MoqRelayOptions> = v.strictObject({
  ...targetOptions,
  signing: v.exactOptional(v.picklist(['ES256', 'RS256', 'EdDSA'])),
});

/** The claim of each action: the paths below `root` that may be published or subscribed to. The empty path means all of them. */
const CLAIM_OF: Readonly<Record<string, string>> = { publish: 'put', subscribe: 'get' };

/**
 * moq-relay of moq.dev: JWTs with a `root`, which is the room and the path that a client connects to. It refuses a token with
 * a claim that it does not know, and finds a public key by `kid`, in a file `{kid}.jwk`.
 *
 * @see moq-dev/moq `doc/bin/relay/auth.md`; the package `@moq/token`
 */
export const moqRelay = defineTarget('moqRelay', schema, (options) => ({
  signing: options.signing ?? 'ES256',
  keys: 'jwks',
  longestToken: options.longestToken ?? 3600,
  actions: Object.keys(CLAIM_OF),
  transports: [],
  roomsPerToken: 1,
  roomsArePaths: true,
  takesSession: false,
  omitsForWhom: true,
  namesNobody: true,
  foldsRoomCase: false,
  claims: toMoqRelayClaims,
  readClaims: readMoqRelayClaims,
}));

function toMoqRelayClaims({ grant }: ClaimsInput): ServerClaims {
  return {
    root: grant.rooms === '*' ? '' : (grant.rooms[0] ?? ''),
    ...Object.fromEntries(grant.actions.map((action) => [CLAIM_OF[action], ['']])),
  };
}

function readMoqRelayClaims(claims: ServerClaims): ClaimedGrant | undefined {
  const root = claims['root'];
  const actions = Object.keys(CLAIM_OF).filter((action) => Object.hasOwn(claims, CLAIM_OF[action] ?? ''));
  const isSound = actions.every((action) => isWhole(claims[CLAIM_OF[action] ?? '']));
  if (typeof root !== 'string' || actions.length === 0 || !isSound) return undefined;
  if (root !== '' && !ROOM_PATH.test(root)) return undefined;
  return { subject: '', actions, rooms: root === '' ? '*' : [root], transports: [] };
}

function isWhole(paths: unknown): boolean {
  return Array.isArray(paths) && paths.length === 1 && paths[0] === '';
}
