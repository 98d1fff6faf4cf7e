import { isJsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { isAddress } from '../../options/schemas.ts';
import { controlAddress, defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { personalData } from '../personal-data.ts';
import { readRooms, readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of a LiveKit target. */
export interface LivekitOptions extends TargetOptions {
  /** Where clients connect, such as `wss://live.example.com`: `POST /livekit/token` then gives LiveKit's SDKs tokens. */
  readonly address?: string;
  /** Addresses of the servers' control API, which `npm run deny` tells to end connections. */
  readonly control?: readonly string[];
  /** Whether users in a room see each other's names; default no. */
  readonly name?: boolean;
}

const schema: v.GenericSchema<unknown, LivekitOptions> = v.pipe(
  v.strictObject({
    ...targetOptions,
    address: v.exactOptional(
      v.pipe(
        v.string(),
        // Connections to this address carry the token.
        v.check(
          (address) => isAddress(address, ['wss:', 'ws:']),
          'must be an address such as "wss://live.example.com" (ws only on loopback)',
        ),
      ),
    ),
    control: v.exactOptional(v.array(controlAddress)),
    name: v.exactOptional(v.boolean()),
  }),
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
  ...(options.control && { control: options.control }),
  ...(options.address !== undefined && { livekitUrl: options.address }),
  signing: 'HS256',
  keys: 'keyring',
  // LiveKit renews its participants' tokens itself, with any key of its file (livekit/livekit#4732).
  resignsTokens: true,
  afterEmergency:
    'Restart each LiveKit server: it renews the tokens of its participants with any key that it has read.',
  longestToken: options.longestToken ?? 6 * 3600,
  actions: ['publish', 'subscribe'],
  transports: [],
  roomsPerToken: 1,
  takesSession: true,
  notBefore: true,
  foldsRoomCase: false,
  claims: (input) => toLivekitClaims(input, options),
  readClaims: readLivekitClaims,
}));

/** LiveKit allows publishing, subscribing and data unless a grant forbids them, so each is stated. */
function toLivekitClaims(
  { grant, identity, subject, namedSession, kid }: ClaimsInput,
  options: LivekitOptions,
): ServerClaims {
  const canPublish = grant.actions.includes('publish');
  return {
    iss: kid,
    sub: toParticipant(subject, namedSession),
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
  const participant = readText(sub);
  const rooms = Object.hasOwn(video, 'room') ? readRooms(video['room']) : '*';
  const { canPublish, canSubscribe } = video;
  if (participant === undefined || rooms === undefined) return undefined;
  if (typeof canPublish !== 'boolean' || typeof canSubscribe !== 'boolean') return undefined;
  const actions = [...(canPublish ? ['publish'] : []), ...(canSubscribe ? ['subscribe'] : [])];
  return { ...fromParticipant(participant), actions, rooms, transports: [] };
}

/** Separates a user from the session in the name of a participant; no session has it in its name. */
const SEPARATOR = '#';

/**
 * The name of a participant. A server ends a participant's connection when another one of the same name joins the room, so
 * two tabs of one user name two sessions. No two users, and no two sessions, have the same name.
 */
function toParticipant(subject: string, session = ''): string {
  return session === '' && !subject.includes(SEPARATOR) ? subject : `${subject}${SEPARATOR}${session}`;
}

/** The user and the session that a participant's name stands for. */
export function fromParticipant(participant: string): Pick<ClaimedGrant, 'subject' | 'session'> {
  const at = participant.lastIndexOf(SEPARATOR);
  if (at < 0) return { subject: participant };
  const session = participant.slice(at + 1);
  return { subject: participant.slice(0, at), ...(session !== '' && { session }) };
}
