import { SESSION_CLAIM } from '../admission/for-whom.ts';
import { decodeCompactJws } from '../jws/compact.ts';
import type { JsonObject } from '../jws/compact.ts';
import type { SigningKey } from '../jws/sign.ts';
import type { ClaimedGrant, Target } from '../media-servers/target.ts';
import { isSignedBy } from '../jws/verify.ts';

/** A target, and the keys that its live tokens can be signed with. */
export interface CandidateTarget {
  readonly name: string;
  readonly target: Target;
  readonly keys: readonly SigningKey[];
}

/** A streaming token that was found good. */
export interface VerifiedToken {
  /** The name of the target it was issued for. */
  readonly targetName: string;
  readonly target: Target;
  /** The id of the key that signed it. */
  readonly kid: string;
  readonly claims: JsonObject;
  /** What it allows. */
  readonly grant: ClaimedGrant;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** The row that denies its user, which is the same for every target; absent in tokens of versions before 0.2. */
  readonly person?: string;
}

/** Why a streaming token is not valid; for logs. */
export type TokenProblem =
  | 'token_missing'
  | 'token_malformed'
  | 'token_header'
  | 'token_key_unknown'
  | 'token_signature'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_issuer'
  | 'token_audience'
  | 'token_claims';

/**
 * Whether a token is one of ours that has not ended, and what it holds; else the first thing that is wrong with it. One of
 * ours that has ended is there too, so that a log can say whose it was.
 */
export type TokenVerdict =
  | { readonly ok: true; readonly token: VerifiedToken }
  | { readonly ok: false; readonly problem: 'token_expired'; readonly token: VerifiedToken }
  | { readonly ok: false; readonly problem: TokenProblem; readonly token?: undefined };

/** Longer than any token that we issue, in characters. */
const MAX_TOKEN_LENGTH = 16_384;

/**
 * Whether a token is one that we issued, to one of these targets, and that has not ended. Nothing in it is believed before
 * its signature is: not the algorithm, which is the key's, and of the header only which key to try. Its end is strict:
 * issuer and verify go by the same kind of clock, so only its beginning is given `clockSkew`.
 *
 * A signature by a secret that only KMS may read costs a call of KMS. So it is looked at last, and only if the token names that
 * secret and nothing else is wrong with it; `expiredToo`: or if it has ended.
 *
 * @param now epoch seconds
 */
export async function verifyToken(
  token: string,
  targets: readonly CandidateTarget[],
  now: number,
  clockSkew: number,
  { expiredToo = false }: VerifyOptions = {},
): Promise<TokenVerdict> {
  if (token === '') return bad('token_missing');
  const jws = token.length > MAX_TOKEN_LENGTH ? undefined : decodeCompactJws(token);
  if (jws === undefined) return bad('token_malformed');
  if (!isOurHeader(jws.header)) return bad('token_header');
  let refused: TokenProblem | undefined;
  for (const signer of signersOf(jws.header, targets)) {
    const verdict = (): TokenVerdict => checkClaims(jws.claims, signer, now, clockSkew);
    if ('verify' in signer.key) {
      const early = verdict();
      if (!early.ok && !(expiredToo && early.problem === 'token_expired')) {
        refused ??= early.problem;
        continue;
      }
    }
    if (await isSignedBy(token, signer.key)) return verdict();
  }
  return bad(refused ?? (isKeyKnown(jws.header, targets) ? 'token_signature' : 'token_key_unknown'));
}

/** What the claims of a token say, if this key signed it. */
function checkClaims(
  claims: JsonObject,
  { name, target, key }: Signer,
  now: number,
  clockSkew: number,
): TokenVerdict {
  const { iat, exp, nbf, iss, aud } = claims;
  const began = target.omitsIssuedAt && iat === undefined ? now : iat;
  if (!isNumber(exp) || !isNumber(began) || typeof claims['jti'] !== 'string') return bad('token_claims');
  if (began > now + clockSkew || (nbf !== undefined && !(isNumber(nbf) && nbf <= now + clockSkew))) {
    return bad('token_not_yet_valid');
  }
  if (target.issuer !== undefined && iss !== target.issuer) return bad('token_issuer');
  if (target.audience !== undefined && aud !== target.audience) return bad('token_audience');
  const read = target.readClaims(claims);
  if (read === undefined) return bad('token_claims');
  const session = read.session ?? claims[SESSION_CLAIM];
  const grant = { ...read, ...(typeof session === 'string' && { session }) };
  const verified = { targetName: name, target, kid: key.kid, claims, grant, expiresAt: exp };
  if (now >= exp) return { ok: false, problem: 'token_expired', token: verified };
  return { ok: true, token: verified };
}

/** What else a verifier wants to know. */
export interface VerifyOptions {
  /** Whose token it was, if it has ended. */
  readonly expiredToo?: boolean;
}

function bad(problem: TokenProblem): { readonly ok: false; readonly problem: TokenProblem } {
  return { ok: false, problem };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

/** The members that we write (RFC 7515 §4.1), and no other: what must be understood, or names a key, is none of ours. */
const HEADER_MEMBERS = ['alg', 'typ', 'kid'];

function isOurHeader(header: JsonObject): boolean {
  return header['typ'] === 'JWT' && Object.keys(header).every((member) => HEADER_MEMBERS.includes(member));
}

/** A key that a token may be signed with. */
interface Signer {
  readonly name: string;
  readonly target: Target;
  readonly key: SigningKey;
}

function signersOf({ alg, kid }: JsonObject, targets: readonly CandidateTarget[]): readonly Signer[] {
  return targets.flatMap(({ name, target, keys }) =>
    keys
      .filter(
        (key) => key.alg === alg && (kidOf(target, key) === kid || (kid === undefined && !('verify' in key))),
      )
      .map((key) => ({ name, target, key })),
  );
}

/** Whether a newer set of keys could not hold what this one lacks. */
function isKeyKnown({ kid }: JsonObject, targets: readonly CandidateTarget[]): boolean {
  return (
    kid === undefined || targets.some(({ target, keys }) => keys.some((key) => kidOf(target, key) === kid))
  );
}

function kidOf(target: Target, key: SigningKey): string {
  return target.header?.['kid'] ?? key.kid;
}
