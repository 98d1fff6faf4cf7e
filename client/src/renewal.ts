// Holds the present token and decides when to exchange for the next: at most one exchange in flight, one back-off at a
// time, and no timer or listener left after `close`.
import { reasonOf, unlessAborted } from './abort.ts';
import { backOffMs } from './back-off.ts';
import type { Environment } from './environment.ts';
import { StreamPassError } from './error.ts';
import type { Events } from './events.ts';
import { exchange } from './exchange.ts';
import { fieldsOf } from './fields.ts';
import { ageMs, holdToken, type HeldToken } from './held-token.ts';
import type { StreamPassOptions } from './options.ts';
import type { Reason } from './reasons.ts';
import type { StreamPassState, StreamPassStatus } from './state.ts';
import { readSubjectToken, SUBJECT_TOKEN_UNAVAILABLE } from './subject-token.ts';

/** Time limit of one exchange: short while a usable token is held, since callers then wait for no more than this. */
const TIMEOUT_MS = 15_000;
const TIMEOUT_WHILE_USABLE_MS = 5_000;

const EXPIRED = 'subject_token_expired';
const KEY_UNKNOWN = 'subject_token_key_unknown';

/** The present token, and when it is exchanged for the next. */
export interface Renewal {
  /**
   * A usable token, renewed if that is due; other than `refused`, where given. While none is usable it waits through
   * failures that pass by themselves.
   * @throws {StreamPassError} what waiting does not fix; on an abort, the failure it was waiting through, else the
   * signal's reason.
   */
  obtain(signal: AbortSignal | undefined, refused?: HeldToken): Promise<HeldToken>;
  /** A token that was asked for after this call; otherwise as {@link Renewal.obtain}. */
  renew(signal: AbortSignal | undefined, forceRefresh: boolean): Promise<HeldToken>;
  current(): StreamPassState;
  /** Starts a back-off, as the failed exchange after so many would. */
  holdOff(failuresBefore: number): void;
  throwIfClosed(): void;
  /** Aborts on `close`. */
  readonly closing: AbortSignal;
  close(): void;
}

/** A {@link Renewal} that holds nothing yet and has sent nothing. */
export function createRenewal(
  environment: Environment,
  options: StreamPassOptions,
  { emit }: Pick<Events, 'emit'>,
): Renewal {
  const closing = new AbortController();
  let held: HeldToken | undefined;
  let inFlight: { readonly token: Promise<HeldToken>; readonly abort: AbortController } | undefined;
  let backOff: { over: Promise<void>; asked: boolean; end(): void } | undefined;
  let failures = 0;
  /** Why the sign-in has to renew its token before the next exchange. */
  let distrust: Reason | '' | undefined;
  let closed: StreamPassError | undefined;
  let cancelTimers = (): void => {};
  let state: StreamPassState = { status: 'idle', answer: undefined, error: undefined };

  const age = (): number => (held ? ageMs(held, environment.now()) : Infinity);
  const isFresh = (): boolean => held !== undefined && age() < held.renewAtMs;
  const isUsable = (): boolean => held !== undefined && age() < held.usableMs;

  /** The held token, unless its end has come, of which the listeners hear once. */
  function usable(): HeldToken | undefined {
    if (!held || isUsable()) return held;
    if (!held.expired) {
      held.expired = true;
      emit('expired', undefined);
      become('expired', state.error);
    }
    return undefined;
  }

  /** The state that follows, told after the event that led to it. */
  function become(status: StreamPassStatus, error?: StreamPassError): void {
    state = { status, answer: status === 'ready' ? held?.answer : undefined, error };
    emit('changed', state);
  }

  function renew(): Promise<HeldToken> {
    if (!inFlight) {
      const abort = new AbortController();
      const token = unlessAborted((signal) => requestToken(signal, () => abort.abort()), abort.signal).then(
        accept,
        (error: unknown) =>
          refuse(abort.signal.aborted ? new StreamPassError('try-later', 'timeout') : error),
      );
      inFlight = { token, abort };
      if (!isUsable()) become('pending', state.error);
    }
    return inFlight.token;
  }

  async function requestToken(signal: AbortSignal, onTimeout: () => void): Promise<HeldToken> {
    let cancelTimeout = (): void => {};
    let refused: { readonly subjectToken: string; readonly error: unknown } | undefined;
    try {
      for (;;) {
        cancelTimeout();
        cancelTimeout = environment.after(isUsable() ? TIMEOUT_WHILE_USABLE_MS : TIMEOUT_MS, onTimeout);
        const request = { forceRefresh: distrust !== undefined, reason: distrust || undefined, signal };
        const subjectToken = await readSubjectToken(options, request);
        if (signal.aborted) throw reasonOf(signal);
        if (refused?.subjectToken === subjectToken) throw refused.error;
        // Counted from before the request, so that no delay on the way makes the token seem younger than it is.
        const requestedAt = environment.now();
        try {
          return holdToken(await exchange(options, subjectToken, signal), requestedAt, environment.random());
        } catch (error) {
          if (distrust || fieldsOf(error)['reason'] !== EXPIRED) throw error;
          // Some libraries give an expired token from their cache: the function is told, and asked once more.
          distrust = EXPIRED;
          refused = { subjectToken, error };
        }
      }
    } finally {
      cancelTimeout();
    }
  }

  function accept(token: HeldToken): HeldToken {
    throwIfClosed();
    if (ageMs(token, environment.now()) >= token.usableMs) {
      refuse(new StreamPassError('try-later', 'answer_too_late'));
    }
    inFlight = distrust = undefined;
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
    become('ready');
    return token;
  }

  function refuse(thrown: unknown): never {
    inFlight = undefined;
    throwIfClosed();
    let error = thrown;
    if (error instanceof StreamPassError) {
      // The API may not know the provider's newest key yet: it says when it asks for keys again.
      if (!distrust && error.reason === KEY_UNKNOWN) {
        distrust = KEY_UNKNOWN;
        error = new StreamPassError('try-later', KEY_UNKNOWN, error);
      }
      const failure = error as StreamPassError;
      let status: StreamPassStatus = 'failed';
      if (failure.kind !== 'try-later') {
        distrust = undefined;
        emit('denied', failure);
      } else if (passesByItself(failure) || usable()) {
        startBackOff(failures++, failure.retryAfterSeconds);
        emit('delayed', failure);
        status = 'waiting';
      }
      become(isUsable() ? 'ready' : status, failure);
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
    let waitedThrough: unknown;
    for (;;) {
      throwIfClosed();
      if (signal?.aborted) throw waitedThrough ?? reasonOf(signal);
      const present = usableOther();
      if (present && (isFresh() || backOff)) return present;
      try {
        if (!backOff) return await unlessAborted(renew, signal);
        const { over } = backOff;
        await unlessAborted(() => over, signal);
      } catch (error) {
        if (closed || signal?.aborted) continue;
        const stillUsable = usableOther();
        if (stillUsable) return stillUsable;
        if (!passesByItself(error)) throw error;
        waitedThrough = error;
      }
    }
  }

  const stopListening = environment.onWake(wake);
  return {
    obtain,
    current: () => state,
    throwIfClosed,
    closing: closing.signal,
    async renew(signal, forceRefresh) {
      // One that is under way may have begun before what this call is for. Its failure is told to those who wait for it.
      await unlessAborted(() => inFlight?.token.then(undefined, () => {}), signal);
      if (forceRefresh) distrust ??= '';
      return obtain(signal, held);
    },
    holdOff(failuresBefore) {
      if (!closed && !backOff) startBackOff(failuresBefore);
    },
    close() {
      if (closed) return;
      closed = new StreamPassError('closed', 'closed');
      held = undefined;
      stopListening();
      cancelTimers();
      backOff?.end();
      inFlight?.abort.abort();
      closing.abort();
      become('closed');
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
