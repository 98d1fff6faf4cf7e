import { RoomServiceClient } from 'livekit-server-sdk';
import { fromParticipant } from '../../lib/media-servers/livekit/claims.ts';
import type { Kick } from './kick.ts';

/**
 * LiveKit's RoomService: removes the user from every room, and revokes tokens that began before now. It knows only the names of
 * participants, which hold the user and the session that the client named. So a denial of anything else ends nothing.
 *
 * @returns how many participants were removed
 * @throws {Error} the server does not answer, or refuses the key
 * @see LiveKit documentation, "Room service API", RemoveParticipant
 */
export const kickLivekit: Kick = async ({ address, key, now }, { subjects, session }) => {
  if (subjects.size === 0 && session === undefined) return 0;
  const isDenied = ({ identity }: { readonly identity: string }): boolean => {
    const participant = fromParticipant(identity);
    return subjects.has(participant.subject) || (session !== undefined && participant.session === session);
  };
  const { name, secret } = await key();
  const service = new RoomServiceClient(address, name, secret, { requestTimeout: 5 });
  const rooms = await service.listRooms();
  let ended = 0;
  for (const room of rooms) {
    const participants = await service.listParticipants(room.name);
    for (const { identity } of participants.filter(isDenied)) {
      await service.removeParticipant(room.name, identity, { revokeTokenTs: BigInt(Math.ceil(now())) });
      ended += 1;
    }
  }
  return ended;
};
