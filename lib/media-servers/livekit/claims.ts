import { isJsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { personalData } from '../personal-data.ts';
import { readRooms, readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of a LiveKit target. */
export interface LivekitOptions extends TargetOptions {
  /** Whether people in a room see each other's names; default no. */
  readonly name?: boolean;
}

const schema: v.GenericSchema<unknown, LivekitOptions> = v.pipe(
  v.strictObject({ ...targetOptions, name: v.exactOptional(v.boolean()) }),
  v.forward(
    v.check(({ fleet }) => fleet?.probe === undefined, 'must be left out: no probe is known for LiveKit'),
    ['fleet', 'probe'],
  ),
);

/**
 * LiveKit, on servers of one's own: it knows many API keys at one time, in a `key_file` that maps each key's name to its
 * secret, and finds the secret by `iss`. So a version's `kid` is its API key, and the key ring file is the `key_file`.
 *
 * @see livekit/livekit `pkg/config/config.go` (`key_file`); LiveKit documentation, "Tokens & grants"
 */
export const livekit = defineTarget('livekit', schema, (options) => ({
  signing: 'HS256',
  keys: 'keyring',
  // LiveKit renews its participants' tokens itself, with any key of its file (livekit/livekit#4732).
  resignsTokens: true,
  longestToken: options.longestToken ?? 6 * 3600,
  actions: ['publish', 'subscribe'],
  transports: [],
  roomsPerToken: 1,
  takesSession: false,
  foldsRoomCase: false,
  claims: (input) => toLivekitClaims(input, options),
  readClaims: readLivekitClaims,
}));

/** Where a grant says nothing of publishing, subscribing or data, LiveKit allows it: so each is said. */
function toLivekitClaims(
  { grant, identity, subject, kid }: ClaimsInput,
  options: LivekitOptions,
): ServerClaims {
  const canPublish = grant.actions.includes('publish');
  return {
    iss: kid,
    sub: subject,
    ...personalData(identity.claims, options.name === true ? ['name'] : []),
    video: {
      roomJoin: true,
      ...(grant.rooms !== '*' && { room: grant.rooms[0] }),
      canPublish,
      canPublishData: canPublish,
      canSubscribe: grant.actions.includes('subscribe'),
      canUpdateOwnMetadata: false,
      roomCreate: false,
      roomList: false,
      roomAdmin: false,
      roomRecord: false,
      ingressAdmin: false,
      hidden: false,
      recorder: false,
      agent: false,
    },
  };
}

function readLivekitClaims({ sub, video }: ServerClaims): ClaimedGrant | undefined {
  if (!isJsonObject(video) || video['roomJoin'] !== true) return undefined;
  const subject = readText(sub);
  const rooms = Object.hasOwn(video, 'room') ? readRooms(video['room']) : '*';
  const { canPublish, canSubscribe } = video;
  if (subject === undefined || rooms === undefined) return undefined;
  if (typeof canPublish !== 'boolean' || typeof canSubscribe !== 'boolean') return undefined;
  const actions = [...(canPublish ? ['publish'] : []), ...(canSubscribe ? ['subscribe'] : [])];
  return { subject, actions, rooms, transports: [] };
}
