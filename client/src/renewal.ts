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
  renew(signal: AbortSignal | undefined, forceRefresh: boolean | undefined): Promise<HeldToken>;
  current(): StreamPassState;
  /** Starts a back-off, as the failed exchange after so many would. */
  holdOff(failuresBefore: number): void;
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
  let inFlight: Promise<HeldToken> | undefined;
  let cancelExchange = (): void => {};
  /** Resolves when it is over. */
  let backOff: Promise<undefined> | undefined;
  let endBackOff = (): void => {};
  /** Whether the server named the time of the back-off. */
  let isAsked = false;
  let failures = 0;
  /** Why the sign-in has to renew its token before the next exchange. */
  let distrust: Reason | '' | undefined;
  let closed: StreamPassError | undefined;
  let cancelTimers = (): void => {};
  let state: StreamPassState = { status: 'idle' };

  const age = (): number => (held ? ageMs(held, environment.now()) : Infinity);
  const isFresh = (): boolean => age() < (held?.dueMs ?? 0);
  const isUsable = (): boolean => age() < (held?.endMs ?? 0);

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
      cancelExchange = () => abort.abort();
      inFlight = unlessAborted(requestToken, abort.signal).then(accept, (error: unknown) =>
        refuse(abort.signal.aborted ? new StreamPassError('try-later', 'timeout') : error),
      );
      if (!isUsable()) become('pending', state.error);
    }
    return inFlight;
  }

  async function requestToken(signal: AbortSignal): Promise<HeldToken> {
    // Short while a usable token is held, because callers then wait for no more than this.
    const timeoutMs = isUsable() ? 5_000 : 15_000;
    const cancelTimeout = environment.after(timeoutMs, cancelExchange);
    let refused: string | undefined;
    let refusal: unknown;
    try {
      for (;;) {
        const request = { forceRefresh: distrust !== undefined, reason: distrust || undefined, signal };
        const subjectToken = await readSubjectToken(options, request);
        if (signal.aborted) throw reasonOf(signal);
        if (refused === subjectToken) throw refusal;
        // Counted from before the request, so that no delay on the way makes the token seem younger than it is.
        const askedAt = environment.now();
        try {
          return holdToken(await exchange(options, subjectToken, signal), askedAt, environment.random());
        } catch (error) {
          if (distrust || fieldsOf(error)['reason'] !== EXPIRED) throw error;
          // Some libraries give an expired token from their cache: the function is told, and asked once more.
          distrust = EXPIRED;
          refused = subjectToken;
          refusal = error;
        }
      }
    } finally {
      cancelTimeout();
    }
  }

  function accept(token: HeldToken): HeldToken {
    throwIfClosed();
    if (ageMs(token, environment.now()) >= token.endMs) {
      refuse(new StreamPassError('try-later', 'answer_too_late'));
    }
    inFlight = distrust = undefined;
    held = token;
    failures = 0;
    cancelTimers();
    const cancelRenewal = environment.after(token.dueMs - age(), renewIfDue);
    const cancelExpiry = environment.after(token.endMs - age(), usable);
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
    endBackOff();
    const waitMs = backOffMs(failuresBefore, environment.random(), retryAfterSeconds);
    isAsked = retryAfterSeconds !== undefined;
    backOff = new Promise((over) => {
      const cancel = environment.after(waitMs, () => {
        endBackOff();
        if (usable()) renewIfDue();
      });
      endBackOff = () => {
        cancel();
        backOff = undefined;
        over(undefined);
      };
    });
  }

  function renewIfDue(): void {
    // Callers that await this exchange hear of its failure; the events tell everyone else.
    if (held && !isFresh() && !backOff) renew().catch(() => {});
  }

  function wake(): void {
    usable();
    if (backOff && isAsked) return; // A page that is shown again does not know better than the server.
    endBackOff();
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
        const renewed = await unlessAborted<HeldToken | undefined, typeof signal>(
          () => backOff ?? renew(),
          signal,
        );
        if (renewed) return renewed;
      } catch (error) {
        if (closed || signal?.aborted) continue;
        const stillUsable = usableOther();
        if (stillUsable) return stillUsable;
        if (!passesByItself(error)) throw error;
        waitedThrough = error;
      }
    }
  }

  environment.onWake(wake, closing.signal);
  return {
    obtain,
    current: () => state,
    closing: closing.signal,
    async renew(signal, forceRefresh) {
      // One that is under way may have begun before what this call is for. Its failure is told to those who wait for it.
      await unlessAborted(() => inFlight?.catch(() => {}), signal);
      if (forceRefresh) distrust ??= '';
      return obtain(signal, held);
    },
    holdOff(failuresBefore) {
      if (!backOff) startBackOff(failuresBefore);
    },
    close() {
      if (closed) return;
      closed = new StreamPassError('closed', 'closed');
      held = undefined;
      cancelTimers();
      endBackOff();
      cancelExchange();
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
