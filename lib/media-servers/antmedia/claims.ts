import * as v from 'valibot';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { readRooms, readText } from '../read-claims.ts';
import { TRANSPORTS } from '../../policy/grant.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of an Ant Media Server target. */
export type AntmediaOptions = TargetOptions;

const schema: v.GenericSchema<unknown, AntmediaOptions> = v.strictObject(targetOptions);

const ACTIONS = ['publish', 'play'];

/**
 * Ant Media Server (Enterprise) with its JWT stream security filter: HS256 alone, one secret an application. A token is for
 * one stream, which is the room, and for one `type`, whatever the transport. Its verifier (auth0's java-jwt) refuses an
 * `iat` that is later than its own clock, and the server's own tokens have none.
 *
 * @see https://docs.antmedia.io/guides/stream-security/jwt-stream-security-filter/
 */
export const antmedia = defineTarget('antmedia', schema, (options) => ({
  signing: 'HS256',
  keys: 'single',
  longestToken: options.longestToken ?? 3600,
  actions: ACTIONS,
  transports: TRANSPORTS,
  ignoresTransports: true,
  oneAction: true,
  namesRooms: true,
  roomsPerToken: 1,
  takesSession: false,
  omitsIssuedAt: true,
  foldsRoomCase: false,
  claims: toAntmediaClaims,
  readClaims: readAntmediaClaims,
}));

function toAntmediaClaims({ grant, subject }: ClaimsInput): ServerClaims {
  return { sub: subject, streamId: grant.rooms[0] ?? '', type: grant.actions[0] ?? '' };
}

function readAntmediaClaims({ sub, streamId, type }: ServerClaims): ClaimedGrant | undefined {
  const subject = readText(sub);
  const rooms = readRooms(streamId);
  const action = readText(type);
  if (subject === undefined || rooms === undefined || action === undefined) return undefined;
  return ACTIONS.includes(action) ? { subject, actions: [action], rooms, transports: TRANSPORTS } : undefined;
}
