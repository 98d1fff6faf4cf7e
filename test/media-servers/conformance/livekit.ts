import { TokenVerifier } from 'livekit-server-sdk';
import { vi } from 'vitest';
import * as v from 'valibot';
import { livekit } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** What a grant can give beside a place in a room. */
export const POWERS = [
  'roomCreate',
  'roomList',
  'roomAdmin',
  'roomRecord',
  'ingressAdmin',
  'hidden',
  'recorder',
  'agent',
  'canUpdateOwnMetadata',
] as const;

/** The server reads the grant into typed fields: a member of another type refuses the whole token. */
const videoGrant = v.object({
  roomJoin: v.optional(v.boolean()),
  room: v.optional(v.string()),
  canPublish: v.optional(v.boolean()),
  canSubscribe: v.optional(v.boolean()),
  canPublishData: v.optional(v.boolean()),
  ...v.entriesFromList(POWERS, v.optional(v.boolean())),
});

/**
 * LiveKit: its SDK's own verifier, then its grants as its documentation has them: what is not said of publishing,
 * subscribing and data is allowed, everything else is not.
 *
 * @see https://docs.livekit.io/home/get-started/authentication/ "Video grant"
 */
export const livekitServer: ConformingServer = {
  target: livekit({}),
  powers: POWERS,
  comesWith: { publishData: 'publish' },
  sameIfAbsent: ['nbf', 'video.canPublishData', ...POWERS.map((power) => `video.${power}`)],
  longest: 760,
  async decide(token, keys, now) {
    const { iss } = v.parse(v.object({ iss: v.string() }), payloadOf(token));
    const held = keys.find(({ kid }) => kid === iss);
    if (held === undefined) return () => false;
    // The SDK goes by the clock of the machine, and allows a minute; the server does as well.
    vi.setSystemTime(now * 1000);
    const claims = await new TokenVerifier(held.kid, held.secret).verify(token);
    const video = v.parse(videoGrant, claims.video ?? {});
    const isAllowed: Readonly<Record<string, boolean | undefined>> = {
      publish: video.canPublish ?? true,
      subscribe: video.canSubscribe ?? true,
      publishData: video.canPublishData ?? video.canPublish ?? true,
      ...v.parse(v.object(v.entriesFromList(POWERS, v.optional(v.boolean(), false))), video),
    };
    return ({ action, room }) =>
      typeof claims.sub === 'string' &&
      claims.sub !== '' &&
      video.roomJoin === true &&
      (video.room === undefined || video.room === room) &&
      isAllowed[action] === true;
  },
};

function payloadOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
