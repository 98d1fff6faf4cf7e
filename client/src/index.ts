import { browserEnvironment } from './environment.ts';
import type { StreamPassOptions } from './options.ts';
import { createStreamPassIn, type StreamPass } from './stream-pass.ts';

export { StreamPassError } from './error.ts';
export { tokenFor } from './exchange.ts';
export { jitsiOptions, red5ConnectionParams, red5WhepUrl, red5WhipUrl, rtcstatsUrl } from './servers.ts';

export type {
  AnyReason,
  ClientReason,
  OfferedToken,
  Refusal,
  StreamPassErrorDetails,
  StreamPassErrorKind,
} from './error.ts';
export type { Listener, On, StreamPassEvents } from './events.ts';
export type { ExchangeAnswer, IssuedToken } from './exchange.ts';
export type { HeldToken } from './held-token.ts';
export type {
  StreamPassLogger,
  StreamPassOptions,
  StreamPassRequest,
  SubjectTokenRequest,
  Words,
} from './options.ts';
export type { Reason } from './reasons.ts';
export type { Red5Stream } from './servers.ts';
export type { StreamPassState, StreamPassStatus } from './state.ts';
export type { StreamPass } from './stream-pass.ts';

/** A {@link StreamPass} for a page or a worker. Nothing is sent before its first `token()`. */
export function createStreamPass(options: StreamPassOptions): StreamPass {
  return createStreamPassIn(browserEnvironment, options);
}
