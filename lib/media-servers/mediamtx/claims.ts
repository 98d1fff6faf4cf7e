import { ROOM_PATH } from '../../policy/room.ts';
import { TRANSPORTS } from '../../policy/grant.ts';
import { isJsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { plainText } from '../../options/schemas.ts';
import { controlAddress, defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of a MediaMTX target. */
export interface MediamtxOptions extends TargetOptions {
  /** Addresses of the servers' control API, which `npm run deny` tells to end connections. */
  readonly control?: readonly string[];
  /** `authJWTIssuer` of the servers. */
  readonly issuer: string;
  /** `authJWTAudience` of the servers; default `mediamtx`. */
  readonly audience?: string;
  /** Default `ES256`, whose tokens are short enough for an RTMP address. */
  readonly signing?: 'ES256' | 'RS256' | 'EdDSA';
  /**
   * The API of each server (`http://10.0.0.5:9997`), which a rotation tells after an emergency to fetch the keys again ·
   * default: an operator does that.
   */
  readonly refresh?: readonly string[];
}

/** A permission: a path is exact unless it begins with `~`, and no room does; the empty path means every path. */
interface Permission {
  readonly action: string;
  readonly path: string;
}

const schema: v.GenericSchema<unknown, MediamtxOptions> = v.strictObject({
  ...targetOptions,
  control: v.exactOptional(v.array(controlAddress)),
  issuer: plainText,
  audience: v.exactOptional(plainText),
  signing: v.exactOptional(v.picklist(['ES256', 'RS256', 'EdDSA'])),
  refresh: v.exactOptional(
    v.array(
      v.pipe(
        v.string(),
        v.check((url) => URL.canParse(url), 'must be an address such as "http://10.0.0.5:9997"'),
      ),
    ),
  ),
});

/**
 * MediaMTX with `authMethod: jwt`: public keys from `authJWTJWKS`, kept for an hour whatever `cache-control` says. A path
 * is a room. A token is good over every transport; a client names one so that the token fits into its addresses.
 *
 * @see bluenviron/mediamtx `internal/auth/manager.go`, `internal/auth/jwt_claims.go`; its documentation, "Authentication"
 */
export const mediamtx = defineTarget('mediamtx', schema, (options) => {
  const audience = options.audience ?? 'mediamtx';
  return {
    ...(options.control && { control: options.control }),
    signing: options.signing ?? 'ES256',
    keys: 'jwks',
    publicKeyCache: 3600,
    ...(options.refresh
      ? { keyRefresh: options.refresh.map((api) => new URL('/v3/auth/jwks/refresh', api).href) }
      : {
          afterEmergency:
            'Each MediaMTX server keeps the old key for up to an hour: POST /v3/auth/jwks/refresh to the API of each, or name them in refresh.',
        }),
    longestToken: options.longestToken ?? 3600,
    actions: ['publish', 'read'],
    transports: TRANSPORTS,
    ignoresTransports: true,
    roomsPerToken: 16,
    takesSession: false,
    foldsRoomCase: false,
    asksAboutTokens: true,
    roomsArePaths: true,
    issuer: options.issuer,
    audience,
    claims: ({ grant, subject }) => ({
      iss: options.issuer,
      aud: audience,
      sub: subject,
      mediamtx_permissions: toPermissions(grant),
    }),
    readClaims: readMediamtxClaims,
  };
});

function toPermissions({ actions, rooms }: ClaimsInput['grant']): readonly Permission[] {
  const paths = rooms === '*' ? [''] : rooms;
  return actions.flatMap((action) => paths.map((path) => ({ action, path })));
}

function readMediamtxClaims(claims: ServerClaims): ClaimedGrant | undefined {
  const subject = readText(claims['sub']);
  const permissions = claims['mediamtx_permissions'];
  if (subject === undefined || !Array.isArray(permissions) || !permissions.every(isPermission))
    return undefined;
  const actions = [...new Set(permissions.map(({ action }) => action))];
  const paths = [...new Set(permissions.map(({ path }) => path))];
  // Our tokens allow each action in each room: other permissions are not ours.
  if (permissions.length !== actions.length * paths.length) return undefined;
  const anyRoom = paths.length === 1 && paths[0] === '';
  if (!anyRoom && !paths.every((path) => ROOM_PATH.test(path))) return undefined;
  return { subject, actions, rooms: anyRoom ? '*' : paths, transports: TRANSPORTS };
}

function isPermission(value: unknown): value is Permission {
  return isJsonObject(value) && typeof value['action'] === 'string' && typeof value['path'] === 'string';
}
