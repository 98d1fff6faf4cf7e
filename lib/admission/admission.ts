import type { DenyList } from '../config/config.ts';
import type { Identity } from '../identity/identity.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now, Within } from '../ports.ts';
import { createCachedTable } from './cached-table.ts';
import { bearerOf, denyKeysOf } from './deny-keys.ts';
import type { Bearer } from './deny-keys.ts';
import { createIssuanceLimit } from './issuance-limit.ts';

/** What admission is decided by. */
export interface AdmissionOptions {
  readonly deny: DenyList;
  /** Exchanges that one subject may ask for in a minute; left out, any number. */
  readonly tokensPerMinute?: number | undefined;
  readonly now: Now;
  readonly within: Within;
}

/** Who may come in at all, whatever the rules would give them. */
export interface Admission {
  /**
   * For a path that takes a token and issues none: resolves unless the bearer is denied. Ask with `bearerOf(identity)`, or
   * for a streaming token with `{ subject: sub, sessions: sessionsOf(claims) }`.
   *
   * @throws {OAuthError} `subject_token_denied`, or 503 `deny_list_unavailable`
   */
  readonly assertNotDenied: (bearer: Bearer) => Promise<void>;
  /**
   * For an exchange: resolves unless the person is denied or asks too often.
   *
   * @throws {OAuthError} `subject_token_denied`, or 503 `deny_list_unavailable` or `too_many_tokens`
   */
  readonly admit: (identity: Identity) => Promise<void>;
}

/** Admission by the configured deny list, then by the deny table, then by how often one subject asks. */
export function createAdmission({ deny, tokensPerMinute, now, within }: AdmissionOptions): Admission {
  const subjects = new Set(deny.subjects);
  const sessions = new Set(deny.sessions);
  const inTable = deny.table && createCachedTable({ table: deny.table, now, within });
  const deniesAnyone = subjects.size > 0 || sessions.size > 0 || inTable !== undefined;
  const limit = tokensPerMinute === undefined ? undefined : createIssuanceLimit(tokensPerMinute, now);

  async function assertNotDenied(bearer: Bearer): Promise<void> {
    const configured = subjects.has(bearer.subject) || bearer.sessions.some((id) => sessions.has(id));
    if (configured || (await inTable?.(denyKeysOf(bearer)))) throw new OAuthError('subject_token_denied');
  }

  async function admit(identity: Identity): Promise<void> {
    if (deniesAnyone) await assertNotDenied(bearerOf(identity));
    const wait = limit?.take(identity.issuer, identity.subject) ?? 0;
    if (wait > 0) throw new OAuthError('too_many_tokens', wait);
  }

  return { assertNotDenied, admit };
}
