import * as v from 'valibot';
import { ownFunction, plainText, serverAddress, wholeNumber } from '../../options/schemas.ts';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { personalData } from '../personal-data.ts';
import { readRooms, readText } from '../read-claims.ts';
import { TRANSPORTS } from '../../policy/grant.ts';
import type { AddressWith, ClaimedGrant, ClaimsInput, ServerClaims, WhipPlace } from '../target.ts';

/** Options of a Red5 Pro target. */
export interface Red5Options extends TargetOptions {
  /** `jwt.issuer` of the servers. */
  readonly issuer: string;
  /** `jwt.ttl.minutes` of the servers, in minutes; default 60. */
  readonly serverLimitMinutes?: number;
  /** Whether the tokens hold the user's name; default no. */
  readonly name?: boolean;
  /**
   * Where clients reach the servers, such as `https://red5.example.com`, for encoders that publish by `/whip/…`: an address,
   * or a function that picks a node. Default: none, so encoders cannot use that route.
   */
  readonly address?: string | PickAddress;
  /**
   * Round-trip authentication: gives the room of a stream, because the server sends only the stream's name. Default: the part
   * before a slash, or the whole name if it has no slash.
   */
  readonly roomOfStream?: (stream: string) => string | undefined;
}

/** Picks the node that takes a stream: its address. */
export type PickAddress = (place: WhipPlace) => string | Promise<string>;

const ROLES: Readonly<Record<string, string>> = { publish: 'red5-publisher', subscribe: 'red5-subscriber' };

const schema: v.GenericSchema<unknown, Red5Options> = v.strictObject({
  ...targetOptions,
  issuer: plainText,
  serverLimitMinutes: v.exactOptional(wholeNumber(2)),
  name: v.exactOptional(v.boolean()),
  address: v.exactOptional(
    v.union(
      [serverAddress, ownFunction<PickAddress>()],
      'must be an address such as "https://red5.example.com", or a function that gives one',
    ),
  ),
  roomOfStream: v.exactOptional(ownFunction<(stream: string) => string | undefined>()),
});

/**
 * Red5 Pro with its JWT authenticator: HS256 alone, one secret a server. A server measures `exp` from its own clock
 * against `jwt.ttl.minutes`, so the longest token is a minute shorter by default.
 *
 * @see Red5 Pro documentation, "JWT authentication"
 */
export const red5 = defineTarget('red5', schema, (options) => {
  const serverLimit = (options.serverLimitMinutes ?? 60) * 60;
  return {
    signing: 'HS256',
    keys: 'single',
    longestToken: options.longestToken ?? serverLimit - 60,
    serverLimit,
    actions: ['publish', 'subscribe'],
    transports: TRANSPORTS,
    roomsPerToken: 16,
    takesSession: false,
    foldsRoomCase: false,
    issuer: options.issuer,
    asksAboutTokens: true,
    roomOfStream: options.roomOfStream ?? roomBeforeSlash,
    ...(options.address !== undefined && { whipUrl: whipUrlAt(options.address) }),
    claims: (input) => toRed5Claims(input, options),
    readClaims: readRed5Claims,
  };
});

/**
 * A claim that is absent or empty lets everything through, so `roles` and `red5-transport` are always there, and
 * `red5-room` is left out only if every room is allowed.
 */
function toRed5Claims({ grant, identity, subject }: ClaimsInput, options: Red5Options): ServerClaims {
  return {
    iss: options.issuer,
    sub: subject,
    roles: grant.actions.map((action) => ROLES[action]).join(','),
    'red5-transport': grant.transports.join(','),
    ...(grant.rooms !== '*' && { 'red5-room': grant.rooms.join(',') }),
    ...personalData(identity.claims, options.name === true ? ['name'] : []),
  };
}

function readRed5Claims(claims: ServerClaims): ClaimedGrant | undefined {
  const subject = readText(claims['sub']);
  const roles = readText(claims['roles'])?.split(',');
  const transports = readText(claims['red5-transport'])?.split(',');
  const rooms = Object.hasOwn(claims, 'red5-room') ? readRooms(claims['red5-room'], ',') : '*';
  if (subject === undefined || !roles || !transports || rooms === undefined) return undefined;
  const actions = Object.keys(ROLES).filter((action) => roles.includes(ROLES[action] ?? ''));
  return actions.length === roles.length ? { subject, actions, rooms, transports } : undefined;
}

/** `POST /live/ROOM/whip/endpoint/STREAM` with the token in the query, as Red5's own SDK asks. */
function whipUrlAt(address: string | PickAddress): (place: WhipPlace) => Promise<AddressWith> {
  return async ({ room, stream }) => {
    const origin = typeof address === 'string' ? address : await address({ room, stream });
    const path = `/live/${encodeURIComponent(room)}/whip/endpoint/${encodeURIComponent(stream)}`;
    const { href } = new URL(path, origin);
    return (token) =>
      `${href}?${new URLSearchParams({ username: 'jwt', password: 'jwt', token }).toString()}`;
  };
}

/** `room/stream`, or a stream with the name of its room; room names have no slash. */
function roomBeforeSlash(stream: string): string | undefined {
  const [room, name, ...rest] = stream.split('/');
  return rest.length === 0 && name !== '' ? room : undefined;
}
