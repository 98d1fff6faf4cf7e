import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now, Within } from '../ports.ts';

/** The result of one reading. */
export interface Dated {
  /** When the reading began, epoch seconds: nothing in it is older. */
  readonly readAt: number;
}

/** How a snapshot is read and how long it is good; times in seconds. */
export interface SnapshotOptions<Value extends Dated> {
  /** Throws an `OAuthError` if the value is unusable; every other error means that it could not be read. */
  readonly read: (readAt: number) => Promise<Value>;
  readonly now: Now;
  readonly within: Within;
  /** Age at which it is refreshed in the background. */
  readonly refreshAfter: number;
  /** Age past which it is not used. */
  readonly maxAge: number;
  /** Hears of each reading that failed, in words for the log. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * Gives what was read last.
 *
 * @param wantedAge seconds: an older result is read again if possible, and used if not
 */
export type ReadSnapshot<Value extends Dated> = (wantedAge?: number) => Promise<Value>;

/** What one request waits for Secrets Manager at most, in seconds. */
const PATIENCE = 3;
/** Between two refreshes in the background of which the first failed, in seconds. */
export const RETRY_AFTER = 5;

/**
 * Keeps what was read last: refreshed in the background, one read at a time, and never used past its age. If reading fails,
 * the older result is used while it is young enough. The returned function throws an `OAuthError` if there is none.
 *
 * A frozen function resumes in the middle of a read, maybe much later: a read that has lasted longer than any request waits
 * is abandoned, and a new one begins.
 */
export function createSnapshot<Value extends Dated>(options: SnapshotOptions<Value>): ReadSnapshot<Value> {
  const { read, now, within, refreshAfter, maxAge, onProblem } = options;
  let last: Value | undefined;
  let failure: { readonly at: number; readonly error: OAuthError } | undefined;
  let flight: { readonly startedAt: number; readonly done: Promise<void> } | undefined;

  function ageOf(snapshot: Value | undefined): number {
    const age = snapshot === undefined ? Infinity : now() - snapshot.readAt;
    // A clock that was set back must not make a snapshot young again.
    return age < -PATIENCE ? Infinity : age;
  }

  function refresh(): Promise<void> {
    const startedAt = now();
    if (flight !== undefined && Math.abs(startedAt - flight.startedAt) <= PATIENCE) return flight.done;
    const done = read(startedAt)
      .then((value) => {
        if (last === undefined || value.readAt >= last.readAt) last = value;
        failure = undefined;
      })
      .catch((error: unknown) => {
        const told =
          error instanceof OAuthError
            ? error
            : new OAuthError('secret_unavailable', RETRY_AFTER, { cause: error });
        failure = { at: now(), error: told };
        onProblem?.(`the secret cannot be read: ${told.reason}`);
      })
      .finally(() => {
        if (flight?.done === done) flight = undefined;
      });
    flight = { startedAt, done };
    return done;
  }

  return async (wantedAge = maxAge) => {
    const age = ageOf(last);
    if (age <= Math.min(refreshAfter, wantedAge) && last !== undefined) return last;
    const failedJustNow = failure !== undefined && now() - failure.at < RETRY_AFTER;
    if (age <= maxAge && last !== undefined && (age <= wantedAge || failedJustNow)) {
      if (!failedJustNow) void refresh();
      return last;
    }
    await within(refresh(), PATIENCE).catch(() => undefined);
    if (last !== undefined && ageOf(last) <= maxAge) return last;
    throw failure?.error ?? new OAuthError('secret_unavailable', RETRY_AFTER);
  };
}
