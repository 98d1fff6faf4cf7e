// Holds the present token and decides when to exchange for the next: at most one exchange in flight, one back-off at a
// time, and no timer or listener left after `close`.
import { backOffMs } from './back-off.ts';
import type { Environment } from './environment.ts';
import { StreamPassError } from './error.ts';
import type { Events } from './events.ts';
import { exchange } from './exchange.ts';
import { ageMs, holdToken, type HeldToken } from './held-token.ts';
import type { StreamPassOptions } from './options.ts';
import { readSubjectToken, SUBJECT_TOKEN_UNAVAILABLE } from './subject-token.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Time limit of one exchange: short while a usable token is held, since callers then wait for no more than this. */
const TIMEOUT_MS = 15_000;
const TIMEOUT_WHILE_USABLE_MS = 5_000;

/** The present token, and when it is exchanged for the next. */
export interface Renewal {
  /**
   * A usable token, renewed if that is due; other than `refused`, where given. While none is usable it waits through
   * failures that pass by themselves.
   * @throws {StreamPassError} what waiting does not mend; on an abort, the failure it was waiting through, else the
   * signal's reason.
   */
  obtain(signal: AbortSignal | undefined, refused?: HeldToken): Promise<HeldToken>;
  /** Starts a back-off, as the failed exchange after so many would. */
  holdOff(failuresBefore: number): void;
  throwIfClosed(): void;
  close(): void;
}

/** A {@link Renewal} that holds nothing yet and has sent nothing. */
export function createRenewal(
  environment: Environment,
  options: StreamPassOptions,
  { emit }: Pick<Events, 'emit'>,
): Renewal {
  let held: HeldToken | undefined;
  let inFlight: { token: Promise<HeldToken>; abort: AbortController } | undefined;
  let backOff: { over: Promise<void>; asked: boolean; end(): void } | undefined;
  let failures = 0;
  let closed: StreamPassError | undefined;
  let cancelTimers = (): void => {};

  const age = (): number => (held ? ageMs(held, environment.now()) : Infinity);
  const isFresh = (): boolean => held !== undefined && age() < held.renewAtMs;

  /** The held token, unless its end has come, of which the listeners hear once. */
  function usable(): HeldToken | undefined {
    if (!held || age() < held.usableMs) return held;
    if (!held.expired) {
      held.expired = true;
      emit('expired', undefined);
    }
    return undefined;
  }

  function renew(): Promise<HeldToken> {
    if (!inFlight) {
      const abort = new AbortController();
      inFlight = { abort, token: unlessAborted(requestToken(abort), abort.signal).then(accept, refuse) };
    }
    return inFlight.token;
  }

  async function requestToken(abort: AbortController): Promise<HeldToken> {
    const cancelTimeout = environment.after(usable() ? TIMEOUT_WHILE_USABLE_MS : TIMEOUT_MS, () =>
      abort.abort(new StreamPassError('try-later', 'timeout')),
    );
    try {
      const subjectToken = await readSubjectToken(options);
      abort.signal.throwIfAborted();
      // Counted from before the request, so that no delay on the way makes the token seem younger than it is.
      const requestedAt = environment.now();
      const answer = await exchange(options, subjectToken, abort.signal);
      return holdToken(answer, requestedAt, environment.random());
    } finally {
      cancelTimeout();
    }
  }

  function accept(token: HeldToken): HeldToken {
    throwIfClosed();
    if (ageMs(token, environment.now()) >= token.usableMs) {
      refuse(new StreamPassError('try-later', 'answer_too_late'));
    }
    inFlight = undefined;
    held = token;
    failures = 0;
    cancelTimers();
    const cancelRenewal = environment.after(token.renewAtMs - age(), renewInBackground);
    const cancelExpiry = environment.after(token.usableMs - age(), usable);
    cancelTimers = () => {
      cancelRenewal();
      cancelExpiry();
    };
    emit('renewed', token.answer);
    return token;
  }

  function refuse(error: unknown): never {
    inFlight = undefined;
    throwIfClosed();
    if (error instanceof StreamPassError) {
      if (error.kind !== 'try-later') {
        emit('denied', error);
      } else if (passesByItself(error) || usable()) {
        startBackOff(failures++, error.retryAfterSeconds);
        emit('delayed', error);
      }
    }
    throw error;
  }

  function startBackOff(failuresBefore: number, retryAfterSeconds?: number): void {
    backOff?.end();
    const waitMs = backOffMs(failuresBefore, environment.random(), retryAfterSeconds);
    const cancel = environment.after(waitMs, () => {
      backOff?.end();
      if (usable()) renewIfDue();
    });
    let open = (): void => {};
    const over = new Promise<void>((resolve) => (open = resolve));
    const end = (): void => {
      cancel();
      backOff = undefined;
      open();
    };
    backOff = { over, end, asked: retryAfterSeconds !== undefined };
  }

  function renewInBackground(): void {
    // Whoever awaits this exchange hears of its failure; the events tell everyone else.
    if (!backOff) renew().catch(() => {});
  }

  function renewIfDue(): void {
    if (held && !isFresh()) renewInBackground();
  }

  function wake(): void {
    usable();
    if (backOff?.asked) return; // The server named the time: a page that is shown again does not know better.
    backOff?.end();
    renewIfDue();
  }

  function throwIfClosed(): void {
    if (closed) throw closed;
  }

  async function obtain(signal: AbortSignal | undefined, refused?: HeldToken): Promise<HeldToken> {
    const usableOther = (): HeldToken | undefined => (held === refused ? undefined : usable());
    let failure: unknown;
    for (;;) {
      throwIfClosed();
      if (signal?.aborted) throw failure ?? signal.reason;
      const present = usableOther();
      if (present && (isFresh() || backOff)) return present;
      try {
        if (!backOff) return await unlessAborted(renew(), signal);
        await unlessAborted(backOff.over, signal);
      } catch (error) {
        if (closed || signal?.aborted) continue;
        const stillUsable = usableOther();
        if (stillUsable) return stillUsable;
        if (!passesByItself(error)) throw error;
        failure = error;
      }
    }
  }

  const stopListening = environment.onWake(wake);
  return {
    obtain,
    throwIfClosed,
    holdOff(failuresBefore) {
      if (!closed && !backOff) startBackOff(failuresBefore);
    },
    close() {
      closed ??= new StreamPassError('closed', 'closed');
      held = undefined;
      stopListening();
      cancelTimers();
      backOff?.end();
      inFlight?.abort.abort(closed);
    },
  };
}

/** True for what the network or the API gets over; what the app's own `subjectToken` threw is for the app. */
function passesByItself(error: unknown): boolean {
  return (
    error instanceof StreamPassError &&
    error.kind === 'try-later' &&
    error.reason !== SUBJECT_TOKEN_UNAVAILABLE
  );
}
