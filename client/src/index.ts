import { browserEnvironment } from './environment.ts';
import type { StreamPassOptions } from './options.ts';
import { createStreamPassIn, type StreamPass } from './stream-pass.ts';

export { isRefusal, type Attempt, type Connect, type ConnectOptions } from './connect.ts';
export {
  StreamPassError,
  type OfferedToken,
  type Refusal,
  type StreamPassErrorDetails,
  type StreamPassErrorKind,
} from './error.ts';
export type { Listener, On, StreamPassEvents } from './events.ts';
export type { ExchangeAnswer } from './exchange.ts';
export type { StreamPassOptions, Words } from './options.ts';
export {
  jitsiOptions,
  red5ConnectionParams,
  red5WhepUrl,
  red5WhipUrl,
  rtcstatsUrl,
  type Red5Stream,
} from './servers.ts';
export type { StreamPass } from './stream-pass.ts';

/** A {@link StreamPass} for a page or a worker. Nothing is sent before its first `token()` or `connect()`. */
export function createStreamPass(options: StreamPassOptions): StreamPass {
  return createStreamPassIn(browserEnvironment, options);
}
