import { isJsonObject } from '../../jws/compact.ts';
import type { TargetOptions } from '../options.ts';
import { readRooms, readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims, Target } from '../target.ts';

/** Options of an rtcstats-server target. */
export interface RtcstatsOptions extends TargetOptions {
  /** Set where the server looks secrets up by `kid` in a key ring file; default false. */
  readonly keyring?: boolean;
}

/**
 * rtcstats-server: it looks at nothing but the signature and the clock, so its secret must be its own. The names in
 * `rtcStats` are stored with what a client reports.
 *
 * @see rtcstats `packages/rtcstats-server/app.js`, `packages/rtcstats-node-shared/database/postgres.js`
 */
export function rtcstats(options: RtcstatsOptions): Target {
  return {
    kind: 'rtcstats',
    secret: options.secret,
    signing: 'HS256',
    keys: options.keyring ? 'keyring' : 'single',
    longestToken: options.longestToken ?? 24 * 3600,
    actions: ['report'],
    transports: [],
    roomsPerToken: 1,
    takesSession: true,
    foldsRoomCase: false,
    subject: options.subject ?? 'public',
    ...(options.fleet && { fleet: options.fleet }),
    problems: [],
    claims: toRtcstatsClaims,
    readClaims: readRtcstatsClaims,
  };
}

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
