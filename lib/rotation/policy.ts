import type { Timing } from '../config/config.ts';
import { PUBLIC_KEY_MAX_AGE } from '../signing-keys/max-age.ts';
import type { KeyDistribution, Target } from '../media-servers/target.ts';

/** The waits of one target's rotation, all in seconds. */
export interface Policy {
  readonly keys: KeyDistribution;
  /** How long a new version is in the ring before the servers get it. */
  readonly announceSeconds: number;
  /** How long a version stays in the ring after the servers were told to hold another one. */
  readonly overlapSeconds: number;
  /** How long an issuer may still sign with a ring that it read before. */
  readonly keyRingMaxAge: number;
  readonly clockSkew: number;
  readonly longestToken: number;
  /** When no token of a version can be live any more, counted from when it left the ring. */
  readonly tokensGoneSeconds: number;
  /** Whether there are addresses to try a token on. */
  readonly probes: boolean;
}

/** The waits that follow from a target and the configured clocks. */
export function policyOf(
  target: Pick<Target, 'keys' | 'longestToken' | 'fleet' | 'publicKeyCache'>,
  timing: Timing,
): Policy {
  const { keyRingMaxAge, clockSkew, slack } = timing;
  const publicKeyAge = Math.max(PUBLIC_KEY_MAX_AGE, target.publicKeyCache ?? 0);
  // From the last ring without a version, over the last token signed from it, to that token's end at the slowest clock.
  const untilTokensAreGone = keyRingMaxAge + target.longestToken + clockSkew + slack;
  const waits = {
    // Each token of before has no twin, so the servers change only once all of these are gone. Then both secrets are in
    // every token set, and the overlap is for what comes late: a server that fetched its secret before the change, or an
    // invocation that was held up. So a server takes its first connection within the overlap (less the slack and two lives
    // of the function) after it has fetched its secret.
    single: { announceSeconds: untilTokensAreGone, overlapSeconds: timing.overlap },
    // Servers hold every version of the ring, so only one that is just starting can lack the new one; but each token
    // has no twin, so the old version stays until the last of its tokens is gone. (Its date is that of the invocation that
    // promoted, which may have been held up: hence the slack once more.)
    keyring: {
      announceSeconds: keyRingMaxAge + clockSkew + slack,
      overlapSeconds: Math.max(timing.overlap, untilTokensAreGone + slack),
    },
    // The same, and the servers may hold on to the public keys they fetched.
    jwks: {
      announceSeconds: keyRingMaxAge + publicKeyAge + clockSkew + slack,
      overlapSeconds: Math.max(timing.overlap, untilTokensAreGone + slack),
    },
  };
  return {
    keys: target.keys,
    ...waits[target.keys],
    keyRingMaxAge,
    clockSkew,
    longestToken: target.longestToken,
    tokensGoneSeconds: untilTokensAreGone,
    probes: (target.fleet?.probe?.length ?? 0) > 0,
  };
}
