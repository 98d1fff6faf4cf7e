import { rowIdsOfToken } from '../admission/for-whom.ts';
import type { Admission } from '../admission/admission.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now } from '../ports.ts';
import type { LiveKeys } from '../signing-keys/live-keys.ts';
import type { Target } from '../media-servers/target.ts';
import { VERIFIER_FRESH_WITHIN } from '../signing-keys/live-keys.ts';
import { verifyToken } from './verify-token.ts';
import type { CandidateTarget, VerifiedToken, VerifyOptions, TokenProblem } from './verify-token.ts';

/** The dependencies of {@link createVerifier}. */
export interface VerifierDeps {
  readonly targets: readonly { readonly name: string; readonly target: Target; readonly keys: LiveKeys }[];
  /** The issuers of the configuration. */
  readonly issuers: readonly string[];
  readonly assertNotDenied: Admission['assertNotDenied'];
  readonly now: Now;
  /** Seconds. */
  readonly clockSkew: number;
}

/** Why a token does not allow what was asked; for logs. */
export type Problem =
  | TokenProblem
  | 'token_denied'
  | 'action_not_granted'
  | 'room_not_granted'
  | 'cap_reached'
  | 'cap_unavailable';

/** Whether the token allows what was asked. If not, `token` is present if streampass issued it. */
export type Verdict =
  | { readonly ok: true; readonly token: VerifiedToken }
  | { readonly ok: false; readonly problem: Problem; readonly token?: VerifiedToken };

/**
 * Whether a streaming token is valid for one of the targets that `concerns` picks: signed with a live key, not expired, and not
 * denied.
 *
 * @throws {OAuthError} 503 — the keys or the deny list are temporarily unavailable
 */
export type Verify = (
  token: string,
  concerns?: (target: Target, name: string) => boolean,
  options?: VerifyOptions,
) => Promise<Verdict>;

/** If a `kid` is unknown, keys older than this many seconds are read again. It limits the reads that made-up `kid`s can cause. */
const UNKNOWN_KEY_AGE = 30;

/** Verifies streaming tokens for every callback and for the authorizer. */
export function createVerifier({ targets, issuers, assertNotDenied, now, clockSkew }: VerifierDeps): Verify {
  return async (token, concerns = () => true, options = {}) => {
    const concerned = targets.filter(({ name, target }) => concerns(target, name));
    let { candidates, failure } = await gatherKeys(concerned, VERIFIER_FRESH_WITHIN);
    let verdict = await verifyToken(token, candidates, now(), clockSkew, options);
    if (!verdict.ok && verdict.problem === 'token_key_unknown') {
      // A version that was set by hand a moment ago may already be in use.
      ({ candidates, failure } = await gatherKeys(concerned, UNKNOWN_KEY_AGE));
      verdict = await verifyToken(token, candidates, now(), clockSkew, options);
    }
    if (verdict.token === undefined) {
      // The key that signed it may be one that is temporarily unavailable.
      const mayBeSigned = verdict.problem === 'token_key_unknown' || verdict.problem === 'token_signature';
      if (mayBeSigned && failure !== undefined) throw failure;
      return { ok: false, problem: verdict.problem };
    }
    const ours = verdict.token;
    const { targetName, target, grant, claims } = ours;
    const { subject, session } = grant;
    const rows = rowIdsOfToken({ targetName, form: target.subject, subject, session, claims }, issuers);
    if (rows === undefined) return { ok: false, problem: 'token_claims' };
    const found = rows.person === undefined ? ours : { ...ours, person: rows.person };
    if (!verdict.ok) return { ok: false, problem: verdict.problem, token: found };
    try {
      await assertNotDenied(rows.ids);
    } catch (error) {
      if (!(error instanceof OAuthError) || error.reason !== 'subject_token_denied') throw error;
      return { ok: false, problem: 'token_denied', token: found };
    }
    return { ok: true, token: found };
  };
}

async function gatherKeys(
  targets: VerifierDeps['targets'],
  wantedAge: number,
): Promise<{ readonly candidates: readonly CandidateTarget[]; readonly failure: unknown }> {
  const sets = await Promise.allSettled(targets.map(({ keys }) => keys.get(wantedAge)));
  let failure: unknown;
  const candidates = targets.flatMap(({ name, target }, index) => {
    const set = sets[index];
    if (set?.status === 'fulfilled') return [{ name, target, keys: set.value.keys }];
    failure ??= set?.reason;
    return [];
  });
  return { candidates, failure };
}

/**
 * The verdict for one action in one room: a refusal if the token does not allow it, else the verdict as it was.
 *
 * @param room `undefined` if the request names no valid room: only a token for any room is enough then
 */
export function narrowTo(verdict: Verdict, action: string | undefined, room: string | undefined): Verdict {
  if (!verdict.ok) return verdict;
  const { token } = verdict;
  const { actions, rooms } = token.grant;
  if (action === undefined || !actions.includes(action)) {
    return { ok: false, problem: 'action_not_granted', token };
  }
  if (rooms !== '*' && (room === undefined || !rooms.includes(room))) {
    return { ok: false, problem: 'room_not_granted', token };
  }
  return verdict;
}
