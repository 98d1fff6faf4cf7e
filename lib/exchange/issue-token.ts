import type { Identity } from '../identity/identity.ts';
import { signCompact } from '../jws/sign.ts';
import type { SigningKey } from '../jws/sign.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { SigningRing } from '../signing-keys/key-ring.ts';
import { subjectFor } from '../media-servers/subject.ts';
import type { Target } from '../media-servers/target.ts';
import type { Grant } from '../policy/grant.ts';

/** A grant made into tokens. */
export interface IssuedToken {
  /** Compact JWS. */
  readonly token: string;
  /** The same claims under the other live secret. */
  readonly fallback?: string;
  readonly jti: string;
  readonly kid: string;
  /** Epoch seconds. */
  readonly issuedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** What makes one token differ from the next. */
export interface Issuance {
  /** Epoch seconds. */
  readonly now: number;
  readonly jti: string;
  readonly session: string;
  /** Whether the client named its transports, and so needs the token to fit into their addresses. */
  readonly transportsNamed: boolean;
}

/**
 * Longest token that leaves room for the rest of the address, in characters: FFmpeg and the libraries made of it cut an
 * RTMP address at 1024 and an RTSP address at 4096 characters.
 */
const LONGEST_IN_ADDRESS: Readonly<Partial<Record<string, number>>> = { RTMP: 1024 - 224, RTSP: 4096 - 224 };

/**
 * Signs a grant's claims with the ring's current key, and with its other one where a rotation needs it. No `nbf`: servers
 * without leeway would refuse it for the difference of two clocks.
 *
 * @throws {OAuthError} `token_too_long` — the token does not fit into the address of a transport that was asked for
 */
export function issueToken(
  target: Target,
  targetName: string,
  grant: Grant,
  identity: Identity,
  ring: SigningRing,
  { now, jti, session, transportsNamed }: Issuance,
): IssuedToken {
  const issuedAt = Math.floor(now);
  const expiresAt = issuedAt + grant.ttlSeconds;
  const subject = subjectFor(target.subject, targetName, identity);
  const { kid } = ring.current;
  const claims = {
    ...target.claims({ grant, identity, subject, session, kid }),
    iat: issuedAt,
    exp: expiresAt,
    jti,
  };
  const replacedKid = target.header?.['kid'];
  const sign = (key: SigningKey): string =>
    signCompact(claims, replacedKid === undefined ? key : { ...key, kid: replacedKid });
  const token = sign(ring.current);
  for (const transport of transportsNamed ? grant.transports : []) {
    if (token.length > (LONGEST_IN_ADDRESS[transport] ?? Infinity)) throw new OAuthError('token_too_long');
  }
  const needsFallback = target.keys === 'single' && ring.fallback !== undefined;
  return {
    token,
    ...(needsFallback && ring.fallback && { fallback: sign(ring.fallback) }),
    jti,
    kid,
    issuedAt,
    expiresAt,
  };
}
