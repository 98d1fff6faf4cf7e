import type { Environment } from './environment.ts';
import { createEvents, type On } from './events.ts';
import { tokenFor, type ExchangeAnswer } from './exchange.ts';
import type { StreamPassOptions, StreamPassRequest } from './options.ts';
import { createRenewal, type Renewal } from './renewal.ts';
import type { StreamPassState } from './state.ts';

/** Keeps one streaming token, or one for each of several targets, fresh. Nothing is sent before the first call. */
export interface StreamPass {
  /**
   * A token fresh enough to connect with. Waits through an outage while it holds none.
   * @param options `audience`: whose token, if several targets were asked for · default the first.
   * @throws {StreamPassError} what waiting does not fix; on an abort of `signal`, the failure it was waiting through,
   * else the signal's reason.
   */
  token(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly audience?: string | undefined;
  }): Promise<string>;
  /**
   * Exchanges now, whatever the age of the present token, which stays in use until then: after the user's rights changed.
   * @param options `forceRefresh`: have `subjectToken` renew the sign-in first · default false.
   */
  renew(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly forceRefresh?: boolean | undefined;
  }): Promise<ExchangeAnswer>;
  /** The state of this moment; the event `changed` tells of the next. */
  current(): StreamPassState;
  /**
   * A StreamPass of its own for other targets or rooms, with the same endpoint, sign-in and session. It is closed with
   * this one.
   */
  with(request: Partial<StreamPassRequest>): StreamPass;
  readonly on: On;
  /** What `connect` of `streampass-client/connect` stands on; apps have no use for it. */
  readonly renewal: Pick<Renewal, 'obtain' | 'holdOff' | 'closing'>;
  /** The id that joins the tokens of this visit, in the audit lines too: show it to users who report a problem. */
  readonly session: string;
  /** Ends all timers, listeners and waiting; every later call rejects with kind `closed`. */
  close(): void;
}

/** {@link StreamPass} in an environment of the caller's; `createStreamPass` is this in the browser's. */
export function createStreamPassIn(environment: Environment, given: StreamPassOptions): StreamPass {
  // A session that no two visits share.
  const options = { ...given, session: given.session ?? `s${String(environment.random()).slice(2)}` };
  const events = createEvents(options.logger);
  const renewal = createRenewal(environment, options, events);
  const { closing } = renewal;
  return {
    token: async ({ signal, audience } = {}) =>
      tokenFor((await renewal.obtain(signal)).answer, audience).token,
    renewal,
    renew: async ({ signal, forceRefresh } = {}) => (await renewal.renew(signal, forceRefresh)).answer,
    current: renewal.current,
    with(request) {
      const made = createStreamPassIn(environment, { ...options, ...request });
      if (closing.aborted) made.close();
      closing.addEventListener('abort', made.close, { signal: made.renewal.closing });
      return made;
    },
    on: events.on,
    session: options.session,
    close() {
      renewal.close();
      events.clear();
    },
  };
}
