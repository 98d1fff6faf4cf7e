import type { DenyList } from '../config/config.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now, Within } from '../ports.ts';
import { createCachedTable } from './cached-table.ts';
import type { DenyTable } from './cached-table.ts';
import type { DeniedRow } from './denied-hashes.ts';
import { hashesOf, rowIdOf, rowIdsOf } from './deny-rows.ts';
import type { Denied, Whom } from './deny-rows.ts';
import { createIssuanceLimit } from './issuance-limit.ts';

/** What admission is decided by. */
export interface AdmissionOptions {
  readonly deny: DenyList;
  /** Denials that change while functions run; left out, there are none. */
  readonly table?: DenyTable | undefined;
  /** Exchanges that one user may ask one instance for in a minute; left out, any number. */
  readonly tokensPerMinute?: number | undefined;
  readonly now: Now;
  readonly within: Within;
}

/** Who may come in at all, whatever the rules would give them. */
export interface Admission {
  /**
   * Resolves unless one of these rows is there. Ask with `rowIdsOf(hashesOf(whom))` or `rowIdsOfToken(…)`.
   *
   * @throws {OAuthError} `subject_token_denied`, or 503 `deny_list_unavailable`
   */
  readonly assertNotDenied: (rowIds: readonly string[]) => Promise<void>;
  /**
   * For an exchange: resolves unless the user is denied or asks too often.
   *
   * @throws {OAuthError} `subject_token_denied`, `too_many_tokens`, or 503 `deny_list_unavailable`
   */
  readonly admit: (whom: Whom) => Promise<void>;
}

/** Admission by the configured deny list, then by the deny table, then by how often one user asks. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { deny, table, tokensPerMinute, now, within } = options;
  const configured = new Set(deniedRowsOf(deny).map(({ id }) => id));
  const inTable = table && createCachedTable({ table, now, within });
  const limit = tokensPerMinute === undefined ? undefined : createIssuanceLimit(tokensPerMinute, now);

  async function assertNotDenied(rowIds: readonly string[]): Promise<void> {
    const isDenied = rowIds.some((id) => configured.has(id)) || (await inTable?.(rowIds));
    if (isDenied) throw new OAuthError('subject_token_denied');
  }

  async function admit(whom: Whom): Promise<void> {
    if (configured.size > 0 || inTable !== undefined) await assertNotDenied(rowIdsOf(hashesOf(whom)));
    const wait = limit?.take(whom.issuer, whom.subject) ?? 0;
    if (wait > 0) throw new OAuthError('too_many_tokens', wait);
  }

  return { assertNotDenied, admit };
}

/** The rows that the configuration itself has. An id in `sessions` may be that of a sign-in, a call or a token. */
export function deniedRowsOf({ subjects = [], sessions = [] }: DenyList): readonly DeniedRow[] {
  const denied: readonly Denied[] = [
    ...subjects.map((value) => ({ kind: 'sub', value }) as const),
    ...(['sign-in', 'session', 'token'] as const).flatMap((kind) =>
      sessions.map((value) => ({ kind, value })),
    ),
  ];
  return denied.map((one) => ({ id: rowIdOf(one), kind: one.kind }));
}
