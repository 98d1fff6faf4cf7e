import { createHmac } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createAdmission } from '../../lib/admission/admission.ts';
import type { DenyList } from '../../lib/config/config.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { createStreams } from '../../lib/token-verification/streams.ts';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import { newPrivateKey, sharedKey } from '../support/signing-keys.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import type { LiveKeys } from '../../lib/signing-keys/live-keys.ts';
import { jitsi, livekit, mediamtx, red5, rtcstats } from '../../lib/media-servers/index.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import type { Grant } from '../../lib/policy/grant.ts';

export const NOW = 1_900_000_000;

export const TARGETS = {
  red5: red5({ secret: 's/red5', issuer: 'streampass' }),
  jitsi: jitsi({ secret: 's/jitsi', appId: 'streampass', domain: 'meet.example' }),
  rtcstats: rtcstats({ secret: 's/rtcstats' }),
  mediamtx: mediamtx({ secret: 's/mediamtx', issuer: 'streampass' }),
  livekit: livekit({ secret: 's/livekit' }),
} as const satisfies Record<string, Target>;
export type TargetName = keyof typeof TARGETS;

/** Each target's current and fallback key. */
export const KEYS = {
  red5: [sharedKey('11111111', 'r'.repeat(43)), sharedKey('22222222', 'R'.repeat(43))],
  jitsi: [sharedKey('33333333', 'j'.repeat(43)), sharedKey('44444444', 'J'.repeat(43))],
  rtcstats: [sharedKey('55555555', 's'.repeat(43)), sharedKey('66666666', 'S'.repeat(43))],
  mediamtx: [await newPrivateKey('ES256', '77777777'), await newPrivateKey('ES256', '88888888')],
  livekit: [sharedKey('99999999', 'l'.repeat(43)), sharedKey('aaaaaaaa', 'L'.repeat(43))],
} as const satisfies Record<TargetName, readonly [SigningKey, SigningKey]>;

const PERSON: Identity = {
  issuer: 'https://id.example',
  subject: 'person-1',
  groups: [],
  claims: {},
  expiresAt: NOW + 60,
};

/** A token as POST /token issues it. */
export async function issue(
  name: TargetName,
  grant: Partial<Grant>,
  {
    key = KEYS[name][0],
    at = NOW,
    jti = 'jti-1',
    subject = PERSON.subject,
    ...person
  }: { key?: SigningKey; at?: number; jti?: string; subject?: string; streamKey?: string } = {},
): Promise<string> {
  const target: Target = TARGETS[name];
  const whole: Grant = {
    actions: target.actions,
    rooms: ['lobby'],
    transports: target.transports,
    ttlSeconds: 600,
    ...grant,
  };
  const issuance = { now: at, jti, session: 'session-1', transportsNamed: false };
  return (
    await issueToken(
      target,
      name,
      whole,
      { ...PERSON, ...person, subject },
      { current: key, readAt: at },
      issuance,
    )
  ).token;
}

/** A token of any claims and header, signed with a shared secret. */
export function forge(
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  key: KeyObject,
): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

/** A token's claims, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

/** Keys that are there, or cannot be had. */
export function liveKeys(keys: readonly SigningKey[] | 'unavailable'): LiveKeys {
  return {
    get: async () => {
      if (keys === 'unavailable') throw new OAuthError('secret_unavailable');
      return { keys, readAt: NOW };
    },
  };
}

/** A verify at `NOW`. */
export function verifierWith({
  deny = {},
  without = [],
}: { deny?: DenyList; without?: readonly TargetName[] } = {}) {
  const now = () => NOW;
  return createVerifier({
    targets: (Object.keys(TARGETS) as TargetName[]).map((name) => ({
      name,
      target: TARGETS[name],
      keys: liveKeys(without.includes(name) ? 'unavailable' : KEYS[name]),
    })),
    issuers: [PERSON.issuer],
    assertNotDenied: createAdmission({ deny, now, within: (work) => work }).assertNotDenied,
    now,
    clockSkew: 60,
  });
}

/** Streams that nobody counts. */
export const UNCOUNTED = createStreams({
  table: undefined,
  now: () => NOW,
  newId: () => 'id',
  within: (work) => work,
});
