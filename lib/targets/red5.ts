import { personalData, textProblem } from './options.ts';
import type { TargetOptions } from './options.ts';
import { TRANSPORTS } from './target.ts';
import type { ClaimsInput, ServerClaims, Target } from './target.ts';

/** Options of a Red5 Pro target. */
export interface Red5Options extends TargetOptions {
  /** `jwt.issuer` of the servers. */
  readonly issuer: string;
  /** `jwt.ttl.minutes` of the servers, in minutes; default 60. */
  readonly serverLimitMinutes?: number;
  /** Whether the servers are told the person's name; default no. */
  readonly name?: boolean;
}

const ROLES: Readonly<Record<string, string>> = { publish: 'red5-publisher', subscribe: 'red5-subscriber' };

/**
 * Red5 Pro with its JWT authenticator: HS256 alone, one secret a server. A server measures `exp` from its own clock
 * against `jwt.ttl.minutes`, so the longest token is a minute shorter unless told.
 *
 * @see Red5 Pro documentation, "JWT authentication"
 */
export function red5(options: Red5Options): Target {
  const serverLimit = (options.serverLimitMinutes ?? 60) * 60;
  return {
    kind: 'red5',
    secret: options.secret,
    signing: 'HS256',
    keys: 'single',
    longestToken: options.longestToken ?? serverLimit - 60,
    serverLimit,
    actions: ['publish', 'subscribe'],
    transports: TRANSPORTS,
    roomsPerToken: 16,
    takesSession: false,
    foldsRoomCase: false,
    subject: options.subject ?? 'public',
    issuer: options.issuer,
    ...(options.fleet && { fleet: options.fleet }),
    problems: textProblem('issuer', options.issuer),
    claims: (input) => toRed5Claims(input, options),
  };
}

/**
 * A claim that is absent or empty lets everything through, so `roles` and `red5-transport` are always there, and
 * `red5-room` is left out only where any room is allowed.
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
