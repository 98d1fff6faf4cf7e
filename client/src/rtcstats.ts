// rtcstats-server opens the WebSocket first and decides then: `open` proves nothing, a refusal closes with 1008.
import { connect } from './connect.ts';
import { rtcstatsUrl, type StreamPass } from './index.ts';

/** How {@link connectRtcstats} connects. */
export interface RtcstatsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whose token, if the StreamPass holds several targets' · default the first. */
  readonly audience?: string | undefined;
  /** How long a WebSocket stays open until it counts as accepted, in ms · default 500; the server decides within 10. */
  readonly decisionMs?: number | undefined;
}

/**
 * A WebSocket that rtcstats-server has accepted. Another token is tried if it refuses one.
 * @param server `wss://…`, with any path and query.
 * @throws {StreamPassError} as `connect` does.
 */
export function connectRtcstats(
  pass: StreamPass,
  server: string,
  { signal, audience, decisionMs = 500 }: RtcstatsOptions = {},
): Promise<WebSocket> {
  return connect(
    pass,
    (token, _, attemptSignal) =>
      decided(new WebSocket(rtcstatsUrl(server, token), 'rtcstats#5.0'), decisionMs, attemptSignal),
    { signal, audience },
  );
}

/**
 * Starts a trace of rtcstats-js. Its `connect` tells nobody of a refusal, so a WebSocket of our own asks the server first.
 * @param trace what `rtcstats-js` made.
 * @throws {StreamPassError} as `connect` does.
 */
export async function connectTrace(
  pass: StreamPass,
  trace: { connect(address: string): unknown },
  server: string,
  options: RtcstatsOptions = {},
): Promise<void> {
  const socket = await connectRtcstats(pass, server, options);
  const { url } = socket;
  socket.close();
  trace.connect(url);
}

function decided(socket: WebSocket, decisionMs: number, signal: AbortSignal): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = (): void => socket.close();
    signal.addEventListener('abort', onAbort);
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    socket.addEventListener('open', () => {
      timer = setTimeout(() => {
        stop();
        resolve(socket);
      }, decisionMs);
    });
    socket.addEventListener('close', (event) => {
      stop();
      reject(event as unknown as Error);
    });
  });
}
