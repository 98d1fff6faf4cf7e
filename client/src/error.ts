import type { Reason } from './reasons.ts';

/**
 * What the app does about a failure:
 *
 * - `sign-in-again`: the sign-in is missing or has expired. Start the sign-in.
 * - `not-allowed`: this user may not do this. Show it. A new sign-in of the same user changes nothing.
 * - `bad-request`: the code, or a configuration, is wrong. A developer has to correct it.
 * - `try-later`: network, overload or outage of the API. It is tried again by itself.
 * - `refused`: the media server accepted none of the tokens.
 * - `unavailable`: the media server did not answer, or does not serve this now.
 * - `closed`: `close()` was called.
 */
export type StreamPassErrorKind =
  'sign-in-again' | 'not-allowed' | 'bad-request' | 'try-later' | 'refused' | 'unavailable' | 'closed';

/** The reasons that this package gives itself. `http_…` is the API's status, `server_…` the media server's. */
export type ClientReason =
  | 'network'
  | 'timeout'
  | 'cors'
  | 'answer_too_late'
  | 'subject_token_missing'
  | 'subject_token_unavailable'
  | 'audience_not_requested'
  | 'token_refused'
  | 'server_unreachable'
  | 'closed'
  | `http_${number}`
  | `server_${number}`;

/** A reason of the server, of this package, or of an app or a server that knows more. */
export type AnyReason = Reason | ClientReason | (string & {});

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
 * The only error that this package makes. Decide by `kind`; `reason` is a stable slug for logs and finer decisions. Its
 * message says all of this in words, and never holds a token.
 */
export class StreamPassError extends Error {
  declare readonly kind: StreamPassErrorKind;
  /** The server's {@link Reason}, one of ours, or what a newer server or your own code gave. */
  declare readonly reason: AnyReason;
  /** Why, in words: those of the API, or for `connect` what the media server said to each token. */
  declare readonly description: string | undefined;
  declare readonly retryAfterSeconds: number | undefined;
  declare readonly refusals: readonly Refusal[];

  constructor(kind: StreamPassErrorKind, reason: AnyReason, details: StreamPassErrorDetails = {}) {
    super([`${kind}: ${reason}`, details.description].filter(Boolean).join('; '));
    // The cause too: not every engine of React Native knows the second argument of Error.
    Object.assign(this, details, {
      name: 'StreamPassError',
      kind,
      reason,
      refusals: details.refusals ?? [],
    });
  }
}
