import {
  orSilence,
  refuse,
  type JitsiJoin,
  type JitsiRefusal,
  type JitsiServer,
  type JitsiSession,
} from './jitsi-session.ts';
import { field, isTruthy, lowerCase, LuaError, seconds } from './lua-values.ts';

/** The check of mod_token_verification at the MUC join, then the rank that mod_token_affiliation gives. */
export function joinRoom(session: JitsiSession, server: JitsiServer, wantedRoom: string): JitsiJoin {
  return orSilence(() => {
    const room = wantedRoom.toLowerCase();
    if (room === '') return refuse('Room address is invalid', 'not-allowed', 'invalid-room-address');
    const refusal = session.hasToken ? roomRefusal(session, server, room) : undefined;
    if (refusal !== undefined) return refusal;
    if (!isTruthy(session.user)) return { ok: true, moderator: false, user: null };

    const rank = field(session.user, 'affiliation');
    const flag = field(session.user, 'moderator');
    const moderator =
      rank === 'owner' || rank === 'moderator' || rank === 'teacher' || flag === true || flag === 'true';
    const id = field(session.user, 'id');
    return { ok: true, moderator, user: typeof id === 'string' ? id : null };
  });
}

function roomRefusal(session: JitsiSession, server: JitsiServer, room: string): JitsiRefusal | undefined {
  const claimed = typeof session.room === 'string' ? lowerCase(session.room) : session.room;
  if (!server.verifyDomain) {
    if (!isTruthy(claimed) || claimed === '*' || claimed === room) return undefined;
    if (room.endsWith(`]${asText(claimed)}`)) return undefined;
    return refuse('Room does not match the room from token', 'not-allowed', 'room-mismatch');
  }

  if (!isTruthy(claimed)) {
    if (!server.requireRoomClaim) return undefined;
    const reason = 'Room name cannot be matched to the one from token.';
    return refuse(reason, 'not-allowed', 'room-name-does-not-match');
  }
  const domain = lowerCase(session.domain);
  const isDomain = domain === '*' || domain === server.domain.toLowerCase();
  const isRoom = claimed === '*' || asText(claimed) === room;
  return isDomain && isRoom ? undefined : refuse('Room and token mismatched');
}

/** The result of Lua's `..` with a value: a number becomes a string; other values are an error. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return seconds(value, 0);
  throw new LuaError('attempt to concatenate a value that is not text');
}
