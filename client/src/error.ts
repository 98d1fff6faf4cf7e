/**
 * What the app does about a failure: `sign-in-again` (the sign-in is missing, expired or not accepted), `not-allowed`
 * (no rule allows it), `bad-request` (the request or its configuration is wrong), `try-later` (network, overload,
 * outage), `refused` (the media server accepted no token), `closed` (`close()` was called).
 */
export type StreamPassErrorKind =
  'sign-in-again' | 'not-allowed' | 'bad-request' | 'try-later' | 'refused' | 'closed';

/** Which token `connect` offered to the media server; also the second argument of its `attempt`. */
export type OfferedToken = 'first' | 'first-fallback' | 'fresh' | 'fresh-fallback';

/** One refusal that `connect` met: which token, and the refusal's own words with every token struck out. */
export interface Refusal {
  readonly offered: OfferedToken;
  readonly message: string;
}

/** What a {@link StreamPassError} may carry beside its kind and reason. */
export interface StreamPassErrorDetails {
  /** The server's own words. */
  readonly description?: string | undefined;
  /** Seconds the server asked us to wait. */
  readonly retryAfterSeconds?: number | undefined;
  readonly refusals?: readonly Refusal[];
  readonly cause?: unknown;
}

/**
 * The only error that this package makes. Decide by `kind`; `reason` is the server's stable slug
 * (`room_not_allowed`, …) or one of ours (`network`, `timeout`, `http_502`, …), for logs and finer decisions.
 * Its message says all of this in words, and never holds a token.
 */
export class StreamPassError extends Error {
  override readonly name = 'StreamPassError';
  readonly kind: StreamPassErrorKind;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  readonly refusals: readonly Refusal[];

  constructor(kind: StreamPassErrorKind, reason: string, details: StreamPassErrorDetails = {}) {
    const { description, refusals = [] } = details;
    const refused = refusals.map(({ offered, message }) => `${offered} token refused: ${message}`);
    super([`${kind}: ${reason}`, description, ...refused].filter(Boolean).join('; '), details);
    this.kind = kind;
    this.reason = reason;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.refusals = refusals;
  }
}
