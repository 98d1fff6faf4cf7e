import type { Timing } from '../config/config.ts';
import { PUBLIC_KEY_MAX_AGE } from '../signing-keys/max-age.ts';
import type { KeyDistribution, Target } from '../media-servers/target.ts';
import type { RotationOptions } from './options.ts';
import type { PushWindow } from './window.ts';

/** How one target's secret is rotated; all durations in seconds. */
export interface Policy {
  readonly keys: KeyDistribution;
  /** Whether somebody brings a new secret to the servers: a fleet, or servers that fetch public keys themselves. */
  readonly hasFleet: boolean;
  /** Age at which a rotation starts automatically; absent if only an operator starts it. */
  readonly everySeconds?: number;
  /** When a push may begin; absent: at any time. */
  readonly window?: PushWindow;
  /** Broken nodes that neither a push nor a promotion waits for. */
  readonly tolerate: number;
  /** Whether the previous key stays until the next promotion, because servers sign with it themselves. */
  readonly keepsPrevious: boolean;
  /** The longest token that the configuration allows. */
  readonly longestToken: number;
  /** How long an issuer may still sign with a ring that it read before. */
  readonly keyRingMaxAge: number;
  readonly clockSkew: number;
  readonly slack: number;
  /** The shortest time that both secrets live on after a promotion. */
  readonly overlap: number;
  /** How long servers cache public keys. */
  readonly publicKeyAge: number;
  /** Whether there are addresses to try a token on. */
  readonly probes: boolean;
}

/** The policy of a target, from its kind, the configured clocks and its `rotation` options. */
export function policyOf(
  target: Pick<Target, 'keys' | 'longestToken' | 'fleet' | 'publicKeyCache' | 'resignsTokens'>,
  timing: Timing,
  rotation: RotationOptions = {},
): Policy {
  const { keyRingMaxAge, clockSkew, slack, overlap } = timing;
  const { every, window, tolerate = 0 } = rotation;
  return {
    keys: target.keys,
    hasFleet: target.keys === 'jwks' || target.fleet !== undefined,
    ...(typeof every === 'number' && { everySeconds: every }),
    ...(window !== undefined && { window }),
    tolerate,
    keepsPrevious: target.resignsTokens ?? false,
    longestToken: target.longestToken,
    keyRingMaxAge,
    clockSkew,
    slack,
    overlap,
    publicKeyAge: Math.max(PUBLIC_KEY_MAX_AGE, target.publicKeyCache ?? 0),
    probes: (target.fleet?.probe?.length ?? 0) > 0,
  };
}

/** The waits of a rotation, in seconds. */
export interface Waits {
  /** How long a new version is in the ring before the servers get it. */
  readonly announceSeconds: number;
  /** How long a version stays in the ring after the servers were told to hold another one. */
  readonly overlapSeconds: number;
  /** When no token of a version can be live any more, counted from when it left the ring. */
  readonly tokensGoneSeconds: number;
}

/** The waits of a policy. @param longestToken the longest token that may be live, in seconds; default: the policy's */
export function waitsOf(policy: Policy, longestToken: number = policy.longestToken): Waits {
  const { keyRingMaxAge, clockSkew, slack, overlap, publicKeyAge } = policy;
  // The time until the last token has expired, by the slowest clock, that was signed from the last ring without the version.
  const tokensGoneSeconds = keyRingMaxAge + longestToken + clockSkew + slack;
  switch (policy.keys) {
    // Tokens from before the new version have no fallback token, so the servers change only once all of these have ended.
    // From then on every token set is for both secrets. The overlap covers delays: a server that fetched its secret before
    // the change, or an invocation that was delayed. So a server must accept its first connection soon enough after it
    // fetched its secret: within the overlap, less the slack, two lives of the function and, for nodes that report, the age
    // of a report.
    case 'single':
      return { announceSeconds: tokensGoneSeconds, overlapSeconds: overlap, tokensGoneSeconds };
    // Servers hold every version of the ring, so only a server that is just starting can lack the new one. But tokens have no
    // fallback token here, so the old version stays until the last of its tokens has ended. (The slack is added once more,
    // because the promotion is dated by its invocation, which may have been delayed.)
    case 'keyring':
      return {
        announceSeconds: keyRingMaxAge + clockSkew + slack,
        overlapSeconds: Math.max(overlap, tokensGoneSeconds + slack),
        tokensGoneSeconds,
      };
    // The same, plus the time that servers cache public keys.
    case 'jwks':
      return {
        announceSeconds: keyRingMaxAge + publicKeyAge + clockSkew + slack,
        overlapSeconds: Math.max(overlap, tokensGoneSeconds + slack),
        tokensGoneSeconds,
      };
  }
}

/** The shortest time from `start` to `steady`, in seconds: without a push window, and if nodes needed no time. */
export function rotationSeconds(policy: Policy): number {
  const { announceSeconds, overlapSeconds } = waitsOf(policy);
  return announceSeconds + overlapSeconds;
}
