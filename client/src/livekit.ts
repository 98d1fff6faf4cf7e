// LiveKit: its client takes tokens from a `TokenSource`, and a `Room` says why it could not connect.
import { TokenSource, type Room, type RoomConnectOptions } from 'livekit-client';
import { connect as connectWithToken } from './connect.ts';
import { StreamPassError, type StreamPass } from './index.ts';

/**
 * A `TokenSource` for LiveKit's components (`useSession`): each time it is asked, it gives a token that is fresh then.
 * @param serverUrl `wss://…`.
 * @param audience whose token, if the StreamPass holds several targets'.
 */
export function livekitTokenSource(
  pass: StreamPass,
  serverUrl: string,
  audience?: string,
): ReturnType<typeof TokenSource.literal> {
  return TokenSource.literal(async () => ({ serverUrl, participantToken: await pass.token({ audience }) }));
}

/** How {@link connectRoom} connects. */
export interface ConnectRoomOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whose token, if the StreamPass holds several targets'. */
  readonly audience?: string | undefined;
  /** LiveKit's own options. */
  readonly connect?: RoomConnectOptions | undefined;
}

/**
 * Connects a `Room`, with another token if the server refuses one. LiveKit renews the token of a connected participant
 * itself.
 * @param serverUrl `wss://…`.
 * @throws {StreamPassError} as `connect` does; `unavailable` with `livekit_…` if the server did not decide.
 */
export function connectRoom(
  pass: StreamPass,
  room: Pick<Room, 'connect' | 'disconnect'>,
  serverUrl: string,
  { signal, audience, connect }: ConnectRoomOptions = {},
): Promise<void> {
  return connectWithToken(
    pass,
    async (token, _, attemptSignal) => {
      const leave = (): unknown => room.disconnect();
      attemptSignal.addEventListener('abort', leave);
      try {
        await room.connect(serverUrl, token, connect);
      } catch (cause) {
        // livekit-client's ConnectionError; `reasonName` is younger than the rest of it.
        const { name, reason, reasonName = reason } = Object(cause) as Readonly<Record<string, unknown>>;
        if (name !== 'ConnectionError' || reason === NOT_ALLOWED) throw cause;
        throw new StreamPassError('unavailable', `livekit_${String(reasonName)}`, { cause });
      } finally {
        attemptSignal.removeEventListener('abort', leave);
      }
    },
    { signal, audience },
  );
}

/** `ConnectionErrorReason.NotAllowed`. */
const NOT_ALLOWED = 0;
