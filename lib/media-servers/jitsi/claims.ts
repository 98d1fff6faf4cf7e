import { isJsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { dictionary, plainText } from '../../options/schemas.ts';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { personalData, type PersonalClaim } from '../personal-data.ts';
import { readRooms, readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of a Jitsi Meet target. */
export interface JitsiOptions extends TargetOptions {
  /** `app_id` of Prosody's token module: the `iss` of the tokens. */
  readonly appId: string;
  /** The domain that rooms belong to: the `sub` of the tokens. */
  readonly domain: string;
  /** One of `asap_accepted_audiences`; default `jitsi`. */
  readonly audience?: string;
  /** Personal data of a user that the others in the room may see; default none. */
  readonly show?: readonly PersonalClaim[];
  /** `HS256` with an `app_secret`, or `RS256` with public keys from `asap_key_server`; default `HS256`. */
  readonly signing?: 'HS256' | 'RS256';
  /** Set if Prosody finds secrets by `kid` in a key ring file; default false. */
  readonly keyring?: boolean;
  /**
   * Set if Prosody has `mod_streampass_kick` and its agents run with `denied=`: it then ends the sessions of denied
   * users. Needs `fleet: { by: 'reported' }` · default false.
   */
  readonly kick?: boolean;
  /**
   * 8x8 JaaS: the app's id and the id of its API key, which replace `kid` and `sub`. The public key is uploaded there by hand,
   * so no rotation changes it.
   */
  readonly jaas?: { readonly appId: string; readonly keyId: string };
  /** `context.features`: what a moderator may switch on. Other users get `false` for each. */
  readonly features?: Readonly<Record<string, boolean>>;
}

const schema: v.GenericSchema<unknown, JitsiOptions> = v.pipe(
  v.strictObject({
    ...targetOptions,
    appId: plainText,
    domain: v.pipe(
      plainText,
      v.check(
        (domain) => !domain.includes('/'),
        'must be the name of a VirtualHost, without https:// and without a path',
      ),
    ),
    audience: v.exactOptional(plainText),
    show: v.exactOptional(v.array(v.picklist(['name', 'email', 'avatar']))),
    signing: v.exactOptional(v.picklist(['HS256', 'RS256'])),
    keyring: v.exactOptional(v.boolean()),
    kick: v.exactOptional(v.boolean()),
    jaas: v.exactOptional(v.strictObject({ appId: plainText, keyId: plainText })),
    features: v.exactOptional(dictionary(v.boolean())),
  }),
  v.forward(
    v.check(
      ({ signing, keyring }) => !(signing === 'RS256' && keyring === true),
      'is for HS256: RS256 keys are fetched from the key server',
    ),
    ['keyring'],
  ),
  v.forward(
    v.check(
      ({ signing, kick, fleet }) => kick !== true || (signing !== 'RS256' && fleet?.by === 'reported'),
      "needs HS256 and fleet: { by: 'reported' }, whose agents tell Prosody who is denied",
    ),
    ['kick'],
  ),
  v.forward(
    v.check(({ signing, jaas }) => jaas === undefined || signing === 'RS256', 'must be RS256 for JaaS'),
    ['signing'],
  ),
);

/**
 * Jitsi Meet with Prosody's token modules. Prosody lower-cases the room's name, has no clock leeway, wants `typ: JWT`,
 * `aud` as a string and `sub` as the domain, and never answers if `room` or `context.user` has the wrong type.
 *
 * @see jitsi-meet `resources/prosody-plugins/mod_auth_token.lua`, `token/util.lib.lua`; `doc/tokens.md` of lib-jitsi-meet
 */
export const jitsi = defineTarget('jitsi', schema, (options) => {
  const signing = options.signing ?? 'HS256';
  return {
    signing,
    keys: signing === 'RS256' ? 'jwks' : options.keyring ? 'keyring' : 'single',
    ...(signing === 'RS256' && {
      afterEmergency: 'Restart Prosody on each server: it keeps the public keys that it fetched.',
    }),
    ...(options.kick === true && { kick: true }),
    longestToken: options.longestToken ?? 3600,
    actions: ['join', 'moderate'],
    needs: { moderate: 'join' },
    transports: [],
    roomsPerToken: 1,
    takesSession: false,
    foldsRoomCase: true,
    issuer: options.jaas ? 'chat' : options.appId,
    audience: options.audience ?? 'jitsi',
    domain: options.domain,
    ...(options.jaas && { header: { kid: `${options.jaas.appId}/${options.jaas.keyId}` }, rotates: false }),
    claims: (input) => toJitsiClaims(input, options),
    readClaims: readJitsiClaims,
  };
});

function toJitsiClaims({ grant, identity, subject }: ClaimsInput, options: JitsiOptions): ServerClaims {
  const moderator = grant.actions.includes('moderate');
  // Jitsi gives a feature that is true to every holder of the token, so only a moderator gets `true`.
  const features = Object.entries(options.features ?? {}).map(([name, on]) => [name, on && moderator]);
  return {
    iss: options.jaas ? 'chat' : options.appId,
    aud: options.audience ?? 'jitsi',
    sub: options.jaas ? options.jaas.appId : options.domain,
    room: grant.rooms === '*' ? '*' : (grant.rooms[0] ?? ''),
    context: {
      user: {
        id: subject,
        moderator,
        ...personalData(identity.claims, options.show ?? []),
      },
      ...(options.features && { features: Object.fromEntries(features) as Record<string, boolean> }),
    },
  };
}

function readJitsiClaims({ room, context }: ServerClaims): ClaimedGrant | undefined {
  const user = isJsonObject(context) && isJsonObject(context['user']) ? context['user'] : {};
  const subject = readText(user['id']);
  const rooms = room === '*' ? '*' : readRooms(room);
  const { moderator } = user;
  if (subject === undefined || rooms === undefined || typeof moderator !== 'boolean') return undefined;
  return { subject, actions: moderator ? ['join', 'moderate'] : ['join'], rooms, transports: [] };
}
