import type { Input } from './input.ts';

/**
 * What can go wrong with one call.
 * - `throttle`: ThrottlingException (HTTP 400); nothing was done
 * - `internal-error`: InternalServiceError (HTTP 500); nothing was done
 * - `fail-after-effect`: InternalServiceError, yet the call was carried out
 * - `hang`: carried out never, answered never
 * - `drop-connection`: the connection breaks; nothing was done
 * - `drop-after-effect`: the connection breaks, yet the call was carried out
 * - `{ staleWrites: n }`: a read is answered as before the last n writes (eventual consistency); no effect on writes
 */
export type Fault =
  | 'throttle'
  | 'internal-error'
  | 'fail-after-effect'
  | 'hang'
  | 'drop-connection'
  | 'drop-after-effect'
  | { readonly staleWrites: number };

/** Asked once for every call that arrives over HTTP; undefined lets it pass. */
export type Faults = (operation: string, input: Input) => Fault | undefined;
