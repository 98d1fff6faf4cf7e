import type { StreamPassError } from './error.ts';
import type { ExchangeAnswer } from './exchange.ts';

/**
 * Where a StreamPass stands:
 *
 * - `idle`: nothing was asked for yet.
 * - `pending`: no usable token; an exchange is under way.
 * - `ready`: a usable token is held. `error` is there if the last renewal failed.
 * - `waiting`: no usable token; the last exchange failed for now, and is tried again for the callers that wait.
 * - `failed`: no usable token, and nothing is tried before the next call. `error` says why.
 * - `expired`: the token ended, and nobody has asked for another one.
 * - `closed`: `close()` was called.
 */
export type StreamPassStatus = 'idle' | 'pending' | 'ready' | 'waiting' | 'failed' | 'expired' | 'closed';

/** The state of one moment. It is the same object until something in it changes. */
export interface StreamPassState {
  readonly status: StreamPassStatus;
  /** The tokens, while they are usable. */
  readonly answer?: ExchangeAnswer | undefined;
  /** The failure of the last exchange, until one succeeds. */
  readonly error?: StreamPassError | undefined;
}
