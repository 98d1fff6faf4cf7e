import { backOffMs } from '../../client/src/back-off.ts';
import { StreamPassError } from '../../client/src/error.ts';
import type { Now } from '../../lib/ports.ts';
import type { Settings } from './settings.ts';

/** Which of two tokens an address holds: during a rotation, some servers accept one and some the other. */
export type Offer = 'first' | 'fallback';

/** The dependencies of {@link keepEncoding}. */
export interface EncoderDeps {
  /** An address with a new token. */
  readonly settings: (offer: Offer, stop: AbortSignal) => Promise<Settings>;
  /** Runs the encoder until it ends, and says how; `stop` ends it with the signal that is its reason. */
  readonly run: (settings: Settings, stop: AbortSignal) => Promise<string>;
  readonly now: Now;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Waits so many milliseconds, or until `stop`. */
  readonly pause: (ms: number, stop: AbortSignal) => Promise<void>;
  readonly report: (line: string) => void;
}

/** An encoder that ran this long had been let in. */
const LET_IN_SECONDS = 30;

/**
 * Runs the encoder again and again, each time with a new address, until `stop`. If the encoder keeps ending soon after its
 * start, each pause is longer, up to a minute.
 *
 * @throws the token endpoint refuses for good, or the encoder cannot be started
 */
export async function keepEncoding(deps: EncoderDeps, stop: AbortSignal): Promise<void> {
  let offer = 'first' as Offer;
  let failures = 0;
  while (!stop.aborted) {
    let ended: string;
    let retryAfterSeconds: number | undefined;
    try {
      const settings = await deps.settings(offer, stop);
      if (stop.aborted) return;
      const startedAt = deps.now();
      ended = await deps.run(settings, stop);
      const wasLetIn = deps.now() - startedAt >= LET_IN_SECONDS;
      if (wasLetIn) failures = 0;
      offer = wasLetIn || offer === 'fallback' ? 'first' : 'fallback';
    } catch (error) {
      if (stop.aborted) return;
      if (!(error instanceof StreamPassError && error.kind === 'try-later')) throw error;
      ended = error.message;
      ({ retryAfterSeconds } = error);
    }
    if (stop.aborted) return;
    const waitMs = backOffMs(failures, deps.random(), retryAfterSeconds);
    failures += 1;
    deps.report(`${ended}; again in ${(waitMs / 1000).toFixed(1)} s`);
    await deps.pause(waitMs, stop);
  }
}
