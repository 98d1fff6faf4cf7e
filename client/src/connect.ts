// Tries tokens against a media server until it accepts one.
import { reasonOf, unlessAborted } from './abort.ts';
import { fieldsOf } from './fields.ts';
import {
  StreamPassError,
  tokenFor,
  type HeldToken,
  type OfferedToken,
  type Refusal,
  type StreamPass,
  type StreamPassErrorDetails,
} from './index.ts';

/**
 * Opens the connection with this token: resolves once the server took it, throws or rejects when it did not. The signal
 * aborts with the one that `connect` was given, and on `close()`: end then what you opened.
 */
export type Attempt<T> = (token: string, offered: OfferedToken, signal: AbortSignal) => T | Promise<T>;

/** How one `connect` waits, and what it takes for a refusal. */
export interface ConnectOptions {
  /** Ends all waiting, the present attempt and all further ones. */
  readonly signal?: AbortSignal | undefined;
  /** Whose token, if several targets were asked for · default the first. */
  readonly audience?: string | undefined;
  /**
   * Whether what the attempt threw means "refused", so that another token may help; all else reaches the caller as it
   * is · default decides by status, close code and error type, as docs/browser.md says.
   */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;
}

type Meaning = 'refused' | 'unclear' | 'unavailable' | 'other';

/** How often a StreamPass gave up on its media server in a row. */
const gaveUp = new WeakMap<StreamPass['renewal'], number>();

/**
 * Calls `attempt` with the present token, then its fallback, then a fresh token and its fallback, until one is accepted,
 * and resolves to what that attempt gave. Each time it gives up, exchanges are held off for a back-off, so that an app
 * which reconnects in a loop to a server that is down does not turn into a load on the API.
 * @throws {StreamPassError} kind `refused` with all `refusals` when none is accepted, `unavailable` when the server did
 * not decide, else as `pass.token()`; the signal's reason; or what the attempt threw and was not a refusal.
 */
export async function connect<T>(
  pass: Pick<StreamPass, 'renewal'>,
  attempt: Attempt<T>,
  options: ConnectOptions = {},
): Promise<T> {
  const signals = [options.signal, pass.renewal.closing];
  // React Native has no `AbortSignal.any`.
  const end = new AbortController();
  const onAbort = (): void => {
    const aborted = signals.find((signal) => signal?.aborted);
    if (aborted) end.abort(reasonOf(aborted));
  };
  signals.forEach((signal) => signal?.addEventListener('abort', onAbort));
  onAbort();
  try {
    return await tryTokens(pass, attempt, options, end.signal);
  } finally {
    signals.forEach((signal) => signal?.removeEventListener('abort', onAbort));
  }
}

async function tryTokens<T>(
  { renewal }: Pick<StreamPass, 'renewal'>,
  attempt: Attempt<T>,
  { signal, audience, isRefusal }: ConnectOptions,
  end: AbortSignal,
): Promise<T> {
  const refusals: Refusal[] = [];
  const secrets: string[] = [];
  let verdict: 'refused' | 'unavailable' = 'unavailable';

  const failure = (
    kind: StreamPassError['kind'],
    reason: StreamPassError['reason'],
    more?: StreamPassErrorDetails,
  ): StreamPassError => {
    const words = refusals.map(({ offered, message }) => `${offered} token refused: ${message}`);
    return new StreamPassError(kind, reason, {
      ...more,
      refusals,
      description: words.join('; ') || undefined,
    });
  };

  const obtain = (refused?: HeldToken): Promise<HeldToken> =>
    renewal.obtain(signal, refused).catch((error: unknown) => {
      if (!refused || !(error instanceof StreamPassError)) throw error;
      const { kind, reason, retryAfterSeconds } = error;
      throw failure(kind, reason, { retryAfterSeconds, cause: error });
    });

  const giveUp = (reason: StreamPassError['reason']): never => {
    const before = gaveUp.get(renewal) ?? 0;
    gaveUp.set(renewal, before + 1);
    renewal.holdOff(before);
    throw failure(verdict, reason);
  };

  let held: HeldToken | undefined;
  for (const round of ['first', 'fresh'] as const) {
    held = await obtain(held);
    const { token, fallbackToken } = tokenFor(held.answer, audience);
    for (const [offered, value] of [
      [round, token],
      [`${round}-fallback`, fallbackToken],
    ] as const) {
      if (!value) continue;
      secrets.push(value);
      try {
        const connection = await unlessAborted(() => attempt(value, offered, end), end);
        gaveUp.delete(renewal);
        return connection;
      } catch (error) {
        if (renewal.closing.aborted) await renewal.obtain(undefined); // It rejects with `closed`.
        if (signal?.aborted) throw reasonOf(signal);
        const meaning = isRefusal ? (isRefusal(error) ? 'refused' : 'other') : meaningOf(error);
        if (meaning === 'other') throw error;
        refusals.push({ offered, message: secrets.reduce(strikeOut, wordsOf(error)) });
        if (meaning === 'refused') verdict = meaning;
        const { status, code } = fieldsOf(error);
        if (meaning === 'unavailable') giveUp(`server_${String(status ?? code)}`);
      }
    }
  }
  return giveUp(verdict === 'refused' ? 'token_refused' : 'server_unreachable');
}

/**
 * What a thrown thing says about the token. Bugs, aborts and our own errors (but `refused`) are not refusals. A
 * `TypeError` or a close with 1006 may be a server that is down, or a refusal that the browser hides.
 */
function meaningOf(error: unknown): Meaning {
  const { name, kind, status, code } = fieldsOf(error);
  if (name === 'StreamPassError') return kind === 'refused' ? kind : 'other';
  if (/^(Reference|Syntax|Range|Abort)Error$/.test(String(name))) return 'other';
  if (name === 'TypeError' || code === 1006) return 'unclear';
  // HTTP: not found, timeout, gone, too many, broken. WebSocket: going away, broken, restarting, overloaded.
  return /^(404|408|410|42[59]|5..|1001|101[1-4])$/.test(String(status ?? code)) ? 'unavailable' : 'refused';
}

function strikeOut(text: string, secret: string): string {
  return text.replaceAll(secret, '(token)');
}

/** The words in an Error, a Response (`status`), or a CloseEvent (`code`, `reason`). */
function wordsOf(error: unknown): string {
  const { message, status, code, reason } = fieldsOf(error);
  return [message, status, code, reason].filter(Boolean).join(' ') || String(error);
}
