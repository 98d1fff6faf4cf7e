import { ROOM_NAME, isRoom } from '../policy/room.ts';
import type { GrantRequest } from '../policy/decide-grant.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Target } from '../media-servers/target.ts';
import type { Transport } from '../policy/grant.ts';
import { MAX_ROOMS, toWords } from './parse-token-request.ts';
import type { TokenRequest } from './parse-token-request.ts';

/** A request in one target's terms. */
export interface TargetRequest extends GrantRequest {
  /** A session id to use, where the target knows sessions and one was sent. */
  readonly session?: string;
}

/** The parts of a request that mean something for one target alone. */
export type AskedOfTarget = Pick<TokenRequest, 'scope' | 'rooms' | 'transport' | 'session' | 'expiresIn'>;

/**
 * Reads what only the target can give a meaning: folds the case of rooms before they are counted, and does not even look
 * at `transport` and `session` where it knows none.
 *
 * @throws {OAuthError} `invalid_request`, with the reason
 */
export function readForTarget(request: AskedOfTarget, target: Target): TargetRequest {
  const rooms = request.rooms && foldRooms(request.rooms, target);
  const transports = target.transports.length > 0 ? parseTransports(request.transport, target) : undefined;
  const session = target.takesSession ? request.session : undefined;
  if (session !== undefined && !ROOM_NAME.test(session)) throw new OAuthError('session_malformed');
  return {
    ...(request.scope && { actions: request.scope }),
    ...(rooms && { rooms }),
    ...(transports && { transports }),
    ...(session !== undefined && { session }),
    ...(request.expiresIn !== undefined && { expiresIn: request.expiresIn }),
  };
}

function foldRooms(rooms: readonly string[], target: Target): readonly string[] {
  if (!rooms.every((room) => isRoom(room, target))) throw new OAuthError('room_malformed');
  const folded = target.foldsRoomCase ? [...new Set(rooms.map((room) => room.toLowerCase()))] : rooms;
  if (folded.length > MAX_ROOMS) throw new OAuthError('too_many_rooms');
  if (folded.length > target.roomsPerToken) {
    throw new OAuthError(target.roomsPerToken === 1 ? 'one_room_only' : 'too_many_rooms');
  }
  return folded;
}

function parseTransports(list: string | undefined, target: Target): readonly Transport[] | undefined {
  if (list === undefined) return undefined;
  if (list === '') throw new OAuthError('parameter_empty');
  // Beyond ASCII, letters exist whose upper case is an ASCII letter.
  if (!/^[A-Za-z ]+$/.test(list)) throw new OAuthError('transport_unknown');
  const words = new Set(toWords(list.toUpperCase()));
  const known = target.transports.filter((transport) => words.has(transport));
  if (known.length !== words.size) throw new OAuthError('transport_unknown');
  return known;
}
