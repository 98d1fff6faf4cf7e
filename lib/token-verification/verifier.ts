import { rowIdsOfToken } from '../admission/for-whom.ts';
import type { Admission } from '../admission/admission.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now } from '../ports.ts';
import type { LiveKeys } from '../signing-keys/live-keys.ts';
import type { Target } from '../media-servers/target.ts';
import { VERIFIER_FRESH_WITHIN } from '../signing-keys/live-keys.ts';
import { verifyToken } from './verify-token.ts';
import type { CandidateTarget, VerifiedToken, TokenProblem } from './verify-token.ts';

/** What a judgement needs of the outside. */
export interface VerifierDeps {
  readonly targets: readonly { readonly name: string; readonly target: Target; readonly keys: LiveKeys }[];
  /** The issuers of the configuration. */
  readonly issuers: readonly string[];
  readonly assertNotDenied: Admission['assertNotDenied'];
  readonly now: Now;
  /** Seconds. */
  readonly clockSkew: number;
}

/** Why a token does not let its bearer do what was asked; for logs. */
export type Problem =
  | TokenProblem
  | 'token_denied'
  | 'action_not_granted'
  | 'room_not_granted'
  | 'cap_reached'
  | 'cap_unavailable';

/** Whether its bearer may do what was asked; if not, `token` is there if it is one of ours. */
export type Verdict =
  | { readonly ok: true; readonly token: VerifiedToken }
  | { readonly ok: false; readonly problem: Problem; readonly token?: VerifiedToken };

/**
 * Judges a streaming token, for the targets that `concerns` picks: signed with a live key, not ended, nobody denied.
 *
 * @throws {OAuthError} 503: keys or deny list cannot be had now, so that nobody can tell
 */
export type Verify = (
  token: string,
  concerns?: (target: Target, name: string) => boolean,
) => Promise<Verdict>;

/** Keys older than this are read anew for a `kid` that is not among them, in seconds: the most that made-up ones can cost. */
const UNKNOWN_KEY_AGE = 30;

/** The one decision on streaming tokens that every callback asks for. */
export function createVerifier({ targets, issuers, assertNotDenied, now, clockSkew }: VerifierDeps): Verify {
  return async (token, concerns = () => true) => {
    const concerned = targets.filter(({ name, target }) => concerns(target, name));
    let { candidates, failure } = await gatherKeys(concerned, VERIFIER_FRESH_WITHIN);
    let verdict = await verifyToken(token, candidates, now(), clockSkew);
    if (!verdict.ok && verdict.problem === 'token_key_unknown') {
      // An issuer may know a version by now that was set by hand a moment ago.
      ({ candidates, failure } = await gatherKeys(concerned, UNKNOWN_KEY_AGE));
      verdict = await verifyToken(token, candidates, now(), clockSkew);
    }
    if (verdict.token === undefined) {
      // A key that cannot be had now may be the one it was signed with.
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
 * A verdict on one action in one room: as it was, or no longer good where the token does not allow that.
 *
 * @param room `undefined` where it is none: only a token for any room lets its bearer in there
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
