import { REASONS, waitingHelps } from './reasons.ts';
import type { OAuthErrorCode, Reason } from './reasons.ts';

/** A refusal that is meant for the client: nothing in it repeats what was sent. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly reason: Reason;
  /** Seconds to wait before trying again; set exactly if `waitingHelps(reason)`. */
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param retryAfterSeconds how long to wait; at least 1; ignored unless `waitingHelps(reason)` · default 5
   * @param options `cause` is for the log alone
   */
  constructor(reason: Reason, retryAfterSeconds?: number, options?: ErrorOptions) {
    super(REASONS[reason][1], options);
    this.reason = reason;
    this.retryAfterSeconds = waitingHelps(reason)
      ? Math.max(1, Math.ceil(retryAfterSeconds ?? DEFAULT_RETRY_SECONDS))
      : undefined;
  }

  /** The code of RFC 6749 §5.2. */
  get code(): OAuthErrorCode {
    return REASONS[this.reason][0];
  }

  /** 503 if this service has to recover first, else 400, as RFC 6749 §5.2 says. */
  get status(): 400 | 503 {
    return this.code === 'temporarily_unavailable' ? 503 : 400;
  }
}

const DEFAULT_RETRY_SECONDS = 5;
