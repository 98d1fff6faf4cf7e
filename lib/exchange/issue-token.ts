import { CAPS_CLAIM, narrowerCaps } from '../policy/caps.ts';
import { FOR_WHOM_CLAIM, SESSION_CLAIM, toForWhom, whomOf } from '../admission/for-whom.ts';
import type { Identity } from '../identity/identity.ts';
import { draftOf, signCompact } from '../jws/sign.ts';
import type { SigningKey } from '../jws/sign.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { SigningRing } from '../signing-keys/key-ring.ts';
import { subjectFor } from '../media-servers/subject.ts';
import type { Target } from '../media-servers/target.ts';
import type { Grant, Transport } from '../policy/grant.ts';

/** The tokens of a grant. */
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
  /** What it allows: the grant, maybe without transports whose addresses it does not fit into. */
  readonly grant: Grant;
}

/** What is different in each token. */
export interface Issuance {
  /** Epoch seconds. */
  readonly now: number;
  readonly jti: string;
  readonly session: string;
  /** Whether the client named its session; default no. */
  readonly sessionNamed?: boolean;
  /** Whether the client named its transports, and so needs the token to fit into their addresses. */
  readonly transportsNamed: boolean;
}

/**
 * Longest token that leaves room for the rest of the address, in characters: FFmpeg and the libraries made of it cut an
 * RTMP address at 1024 and an RTSP address at 4096 characters.
 */
const LONGEST_IN_ADDRESS: Readonly<Partial<Record<string, number>>> = { RTMP: 1024 - 224, RTSP: 4096 - 224 };

/**
 * Signs a grant's claims with the ring's current key, and with the fallback key if a rotation needs it. No `nbf`, unless the
 * server asks for one: those without leeway would refuse it for the difference of two clocks. A transport that nobody named,
 * and whose addresses the
 * token does not fit into, is left out of the grant.
 *
 * @throws {OAuthError} `token_too_long` — the token does not fit into the address of a transport that was asked for, or of
 *   any that is allowed · `signing_unavailable`
 */
export async function issueToken(
  target: Target,
  targetName: string,
  grant: Grant,
  identity: Identity,
  ring: SigningRing,
  issuance: Issuance,
): Promise<IssuedToken> {
  const issuedAt = Math.floor(issuance.now);
  const expiresAt = issuedAt + grant.ttlSeconds;
  const subject = subjectFor(target.subject, targetName, identity);
  const { kid } = ring.current;
  const caps = narrowerCaps(grant, {});
  const claims = {
    ...target.claims({
      grant,
      identity,
      subject,
      session: issuance.session,
      ...(issuance.sessionNamed === true && { namedSession: issuance.session }),
      kid,
    }),
    ...(!target.omitsIssuedAt && { iat: issuedAt }),
    ...(target.notBefore && { nbf: issuedAt }),
    exp: expiresAt,
    jti: issuance.jti,
    ...(!target.omitsForWhom && {
      [FOR_WHOM_CLAIM]: toForWhom(whomOf(identity, issuance.session), target.subject, targetName),
    }),
    ...(namesSession(target, issuance) && { [SESSION_CLAIM]: issuance.session }),
    ...(Object.keys(caps).length > 0 && { [CAPS_CLAIM]: caps }),
  };
  const replacedKid = target.header?.['kid'];
  const write = target.form?.write ?? signCompact;
  const sign = (key: SigningKey): Promise<string> =>
    write(claims, replacedKid === undefined ? key : { ...key, kid: replacedKid });
  const draft = draftOf(ring.current);
  const drafted = await sign(draft);

  const tooNarrow = narrowestBelow(drafted.length, grant);
  if (tooNarrow !== undefined) {
    const transports = grant.transports.filter((transport) => transport !== tooNarrow);
    if (issuance.transportsNamed || transports.length === 0) throw new OAuthError('token_too_long');
    return issueToken(target, targetName, { ...grant, transports }, identity, ring, issuance);
  }
  const fallbackKey = target.keys === 'single' ? ring.fallback : undefined;
  // A key in KMS is used once, for a token that is known to fit.
  const [token, fallback] =
    draft === ring.current && fallbackKey === undefined
      ? [drafted]
      : await Promise.all([
          draft === ring.current ? drafted : sign(ring.current),
          fallbackKey === undefined ? undefined : sign(fallbackKey),
        ]);
  return {
    token,
    ...(fallback !== undefined && { fallback }),
    jti: issuance.jti,
    kid,
    issuedAt,
    expiresAt,
    grant,
  };
}

/** Pairwise targets must not recognize each other's users, so they get no id that is shared with other targets. */
function namesSession(target: Target, { sessionNamed }: Issuance): boolean {
  return sessionNamed === true && !target.takesSession && !target.omitsForWhom && target.subject === 'public';
}

/** The transport with the shortest address, of those that a token of this length does not fit into. */
function narrowestBelow(length: number, { transports }: Grant): Transport | undefined {
  const limitOf = (transport: Transport): number => LONGEST_IN_ADDRESS[transport] ?? Infinity;
  return transports
    .filter((transport) => length > limitOf(transport))
    .sort((a, b) => limitOf(a) - limitOf(b))[0];
}
