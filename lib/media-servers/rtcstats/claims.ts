import { isJsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { readRooms, readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of an rtcstats-server target. */
export interface RtcstatsOptions extends TargetOptions {
  /** Set if the server finds secrets by `kid` in a key ring file; default false. */
  readonly keyring?: boolean;
}

const schema: v.GenericSchema<unknown, RtcstatsOptions> = v.strictObject({
  ...targetOptions,
  keyring: v.exactOptional(v.boolean()),
});

/**
 * rtcstats-server: it checks only the signature and the times, so no other target may have the same secret. The names in
 * `rtcStats` are stored with what a client reports.
 *
 * @see rtcstats `packages/rtcstats-server/app.js`, `packages/rtcstats-node-shared/database/postgres.js`
 */
export const rtcstats = defineTarget('rtcstats', schema, (options) => ({
  signing: 'HS256',
  keys: options.keyring ? 'keyring' : 'single',
  longestToken: options.longestToken ?? 24 * 3600,
  actions: ['report'],
  transports: [],
  roomsPerToken: 1,
  takesSession: true,
  foldsRoomCase: false,
  claims: toRtcstatsClaims,
  readClaims: readRtcstatsClaims,
}));

function toRtcstatsClaims({ grant, subject, session }: ClaimsInput): ServerClaims {
  return {
    rtcStats: {
      user: subject,
      session,
      ...(grant.rooms !== '*' && { conference: grant.rooms[0] }),
    },
  };
}

function readRtcstatsClaims({ rtcStats }: ServerClaims): ClaimedGrant | undefined {
  if (!isJsonObject(rtcStats)) return undefined;
  const subject = readText(rtcStats['user']);
  const session = readText(rtcStats['session']);
  const rooms = Object.hasOwn(rtcStats, 'conference') ? readRooms(rtcStats['conference']) : '*';
  if (subject === undefined || session === undefined || rooms === undefined) return undefined;
  return { subject, actions: ['report'], rooms, transports: [], session };
}
