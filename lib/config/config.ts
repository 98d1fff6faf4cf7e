import type { DenyTable } from '../admission/cached-table.ts';
import type { Rule } from '../policy/rule.ts';
import type { Issuer } from '../identity/issuer.ts';
import type { Target } from '../media-servers/target.ts';

/** The clocks and waits of key rings and rotations; all in seconds. */
export interface Timing {
  /** Largest difference between two clocks that is allowed for. Default 60. */
  readonly clockSkew: number;
  /** Age after which an issuer refreshes its key ring in the background. Default 60. */
  readonly keyRingRefresh: number;
  /** Age past which an issuer no longer signs with a key ring. Default 600. */
  readonly keyRingMaxAge: number;
  /** Added to each wait of a rotation, for what becomes visible late. Default 120. */
  readonly slack: number;
  /** How long both secrets live on after a promotion; at least `keyRingMaxAge`. Default 3600. */
  readonly overlap: number;
}

/** What `defineConfig` fills in where the configuration says nothing of a clock or wait. */
export const DEFAULT_TIMING: Timing = {
  clockSkew: 60,
  keyRingRefresh: 60,
  keyRingMaxAge: 600,
  slack: 120,
  overlap: 3600,
};

/** People and sessions that get nothing, whatever the rules say. */
export interface DenyList {
  /** Subjects, exactly as the provider names them; all issuers. */
  readonly subjects?: readonly string[];
  /** Sign-ins (`sid`, Cognito's `origin_jti`) or token ids (`jti`). */
  readonly sessions?: readonly string[];
  /** A list that changes while functions run: `dynamoDenyTable(env['DENY_TABLE'])` of `lib/aws/deny-table.ts`. */
  readonly table?: DenyTable | undefined;
}

/** What `defineConfig` takes. */
export interface ConfigInput {
  readonly issuers: readonly Issuer[];
  readonly targets: Readonly<Record<string, Target>>;
  readonly grants: readonly Rule[];
  readonly timing?: Partial<Timing>;
  readonly deny?: DenyList;
  /** Exchanges that a subject may ask one instance of the function for in a minute; left out, any number. */
  readonly tokensPerMinute?: number;
}

/** A configuration with its defaults filled in; `checkConfig` says whether it is sound. */
export interface Config {
  readonly issuers: readonly Issuer[];
  readonly targets: Readonly<Record<string, Target>>;
  readonly grants: readonly Rule[];
  readonly timing: Timing;
  readonly deny: DenyList;
  readonly tokensPerMinute?: number;
}

/** Fills in the defaults. Checks nothing: a mistake is told by `checkConfig`, at build and when a function starts. */
export function defineConfig(input: ConfigInput): Config {
  return {
    issuers: input.issuers,
    targets: input.targets,
    grants: input.grants,
    timing: { ...DEFAULT_TIMING, ...input.timing },
    deny: input.deny ?? {},
    ...(input.tokensPerMinute !== undefined && { tokensPerMinute: input.tokensPerMinute }),
  };
}
