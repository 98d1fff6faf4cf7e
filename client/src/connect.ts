import { StreamPassError, type OfferedToken, type Refusal } from './error.ts';
import type { HeldToken } from './held-token.ts';
import type { Renewal } from './renewal.ts';

/** Opens the connection with this token: resolves once the server took it, throws or rejects when it did not. */
export type Attempt<T> = (token: string, offered: OfferedToken) => T | Promise<T>;

/** How one `connect` waits, and what it takes for a refusal. */
export interface ConnectOptions {
  /** Ends all waiting and further attempts; an attempt that runs is the app's own to end. */
  readonly signal?: AbortSignal | undefined;
  /** Whether what the attempt threw means "refused", so that another token may help · default {@link isRefusal}. */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;
}

/**
 * Takes everything for a refusal but an unmistakable bug (`ReferenceError`, `SyntaxError`, `RangeError`), the app's
 * own abort, and an error of this package. A `TypeError` counts: it is how `fetch` shows a 403 without CORS headers.
 */
export function isRefusal(error: unknown): boolean {
  return !/^(Reference|Syntax|Range|Abort|StreamPass)Error$/.test(String(fieldsOf(error)['name']));
}

/**
 * Resolves with what the attempt resolved with.
 * @throws {StreamPassError} where no token helped; else the signal's reason, or what the attempt threw and was no refusal.
 */
export type Connect = <T>(attempt: Attempt<T>, options?: ConnectOptions) => Promise<T>;

/**
 * A `connect` that offers the present token, its fallback, a fresh token and its fallback, in this order. Each time it
 * gives up, exchanges are held off for a back-off, so that an app which reconnects in a loop to a server that is down
 * does not turn into a load on the API.
 */
export function createConnect(renewal: Renewal): Connect {
  let gaveUp = 0;
  return async (attempt, { signal, isRefusal: meansRefused = isRefusal } = {}) => {
    const refusals: Refusal[] = [];
    const secrets: string[] = [];

    const obtain = (refused?: HeldToken): Promise<HeldToken> =>
      renewal.obtain(signal, refused).catch((error: unknown) => {
        if (!refused || !(error instanceof StreamPassError)) throw error;
        throw new StreamPassError(error.kind, error.reason, {
          retryAfterSeconds: error.retryAfterSeconds,
          refusals,
          cause: error,
        });
      });

    let held: HeldToken | undefined;
    for (const round of ['first', 'fresh'] as const) {
      held = await obtain(held);
      const { token, fallbackToken } = held.answer;
      for (const [offered, value] of [
        [round, token],
        [`${round}-fallback`, fallbackToken],
      ] as const) {
        if (!value) continue;
        renewal.throwIfClosed();
        signal?.throwIfAborted();
        secrets.push(value);
        try {
          const connection = await attempt(value, offered);
          gaveUp = 0;
          return connection;
        } catch (error) {
          if (!meansRefused(error)) throw error;
          refusals.push({ offered, message: secrets.reduce(strikeOut, wordsOf(error)) });
        }
      }
    }
    renewal.holdOff(gaveUp++);
    throw new StreamPassError('refused', 'token_refused', { refusals });
  };
}

function strikeOut(text: string, secret: string): string {
  return text.replaceAll(secret, '(token)');
}

/** The words in an Error, a Response (`status`), or a CloseEvent (`code`, `reason`). */
function wordsOf(error: unknown): string {
  const { message, status, code, reason } = fieldsOf(error);
  return [message, status, code, reason].filter(Boolean).join(' ') || String(error);
}

function fieldsOf(error: unknown): Record<string, unknown> {
  return Object(error) as Record<string, unknown>;
}
