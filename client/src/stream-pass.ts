import { createConnect, type Connect } from './connect.ts';
import type { Environment } from './environment.ts';
import { createEvents, type On } from './events.ts';
import type { StreamPassOptions } from './options.ts';
import { createRenewal } from './renewal.ts';

/** Keeps one streaming token fresh. It asks for the first one when `token` or `connect` is first called. */
export interface StreamPass {
  /**
   * A token fresh enough to connect with. Waits through an outage while it holds none.
   * @throws {StreamPassError} what waiting does not mend; on an abort of `signal`, the failure it was waiting through,
   * else the signal's reason.
   */
  token(options?: { readonly signal?: AbortSignal | undefined }): Promise<string>;
  /**
   * Calls `attempt` with the present token, then its fallback, then a fresh token and its fallback, until one is
   * accepted, and resolves to what that attempt gave.
   * @throws {StreamPassError} kind `refused` with all `refusals` when none is; else as {@link StreamPass.token}.
   */
  readonly connect: Connect;
  readonly on: On;
  /** Ends all timers, listeners and waiting; every later call rejects with kind `closed`. */
  close(): void;
}

/** {@link StreamPass} in an environment of the caller's; `createStreamPass` is this in the browser's. */
export function createStreamPassIn(environment: Environment, options: StreamPassOptions): StreamPass {
  const events = createEvents();
  const renewal = createRenewal(environment, options, events);
  return {
    token: async ({ signal } = {}) => (await renewal.obtain(signal)).answer.token,
    connect: createConnect(renewal),
    on: events.on,
    close() {
      events.clear();
      renewal.close();
    },
  };
}
