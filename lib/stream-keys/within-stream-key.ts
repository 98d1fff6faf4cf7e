import type { AskedOfTarget } from '../exchange/read-for-target.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { StreamKey } from './stream-key.ts';

/** What is asked for with a stream key. */
export interface AskedWithKey extends AskedOfTarget {
  readonly stream?: string;
}

/**
 * The request that a stream key stands for: what was left out is what the key says, and what was named must be in it.
 *
 * @param foldsRoomCase whether the target's servers fold the case of room names
 * @throws {OAuthError} `stream_key_scope` if more is asked for than the key allows
 */
export function withinStreamKey(
  asked: AskedWithKey,
  targetName: string,
  key: StreamKey,
  foldsRoomCase: boolean,
): AskedOfTarget {
  const fold = (room: string): string => (foldsRoomCase ? room.toLowerCase() : room);
  const transports = asked.transport?.toUpperCase().split(' ');
  const fits =
    targetName === key.target &&
    (asked.stream ?? key.stream) === key.stream &&
    (asked.rooms ?? [key.room]).every((room) => fold(room) === key.room) &&
    (asked.scope ?? []).every((action) => key.actions.includes(action)) &&
    (transports ?? []).every((transport) => key.transports.some((own) => own === transport));
  if (!fits) throw new OAuthError('stream_key_scope');
  return {
    ...asked,
    scope: asked.scope ?? key.actions,
    rooms: [key.room],
    ...(key.transports.length > 0 && { transport: asked.transport ?? key.transports.join(' ') }),
  };
}
