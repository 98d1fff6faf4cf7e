import * as v from 'valibot';
import type { Issuer } from '../identity/issuer.ts';
import type { ConfiguredTarget, Target } from '../media-servers/target.ts';
import { dictionary, filledText, wholeNumber } from '../options/schemas.ts';
import { rotationOptions, type RotationOptions } from '../rotation/options.ts';
import type { Rule } from '../policy/rule.ts';
import { deployOptions, type DeployOptions } from './deploy-options.ts';

/** The clocks and waits of key rings and rotations; all in seconds. */
export interface Timing {
  /** Largest difference between two clocks that is allowed for. Default 60. */
  readonly clockSkew: number;
  /** Age after which an issuer refreshes its key ring in the background. Default 60. */
  readonly keyRingRefresh: number;
  /** Age past which an issuer no longer signs with a key ring. Default 600. */
  readonly keyRingMaxAge: number;
  /** Added to each wait of a rotation, because changes become visible with a delay. Default 120. */
  readonly slack: number;
  /**
   * How long both secrets stay live after a promotion: at least `keyRingMaxAge`, and above `slack` (with nodes that report,
   * by 180 s). Default 3600.
   */
  readonly overlap: number;
}

/** The defaults of the clocks and waits. */
export const DEFAULT_TIMING: Timing = {
  clockSkew: 60,
  keyRingRefresh: 60,
  keyRingMaxAge: 600,
  slack: 120,
  overlap: 3600,
};

/**
 * The default of how many tokens a user may ask one instance for in a minute. It is far more than a page with several players
 * needs, and a small part of the 200 a second that a stage answers by default.
 */
export const DEFAULT_TOKENS_PER_MINUTE = 600;

/** Users and sign-ins that get no token, whatever the rules say. `npm run deny` denies others without a deployment. */
export interface DenyList {
  /** Subjects, exactly as the provider names them; all issuers. */
  readonly subjects?: readonly string[];
  /** Sign-ins (`sid`, Cognito's `origin_jti`) or token ids (`jti`). */
  readonly sessions?: readonly string[];
}

/** What `defineConfig` takes. */
export interface ConfigInput {
  readonly issuers: readonly Issuer[];
  readonly targets: Readonly<Record<string, Target>>;
  readonly grants: readonly Rule[];
  readonly timing?: Partial<Timing>;
  readonly deny?: DenyList;
  /** Exchanges that a user may ask one instance of the function for in a minute; default 600. */
  readonly tokensPerMinute?: number;
  /** When and how secrets are rotated; a target's own `rotation` takes precedence. */
  readonly rotation?: RotationOptions;
  /** What the deployment needs: origins, domain, alarms, limits, tags … */
  readonly deploy?: DeployOptions;
}

/** A valid configuration with its defaults filled in. */
export interface Config {
  /** The secret that stream keys are signed with; absent if no rule allows stream keys. */
  readonly streamKeys?: { readonly secret: string };
  readonly issuers: readonly Issuer[];
  readonly targets: Readonly<Record<string, ConfiguredTarget>>;
  readonly grants: readonly Rule[];
  readonly timing: Timing;
  readonly deny: DenyList;
  readonly tokensPerMinute: number;
  readonly rotation: RotationOptions;
  readonly deploy: DeployOptions;
}

/** What a configuration may depend on. */
export interface ConfigContext {
  /** `--stage` when packaging, `STREAMPASS_STAGE` in a function, `local` on one machine. */
  readonly stage: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What `streampass.config.ts` exports. */
export type ConfigDefinition = ConfigInput | ((context: ConfigContext) => ConfigInput);

/** Returns its argument, and gives editors its type. `resolveConfig` fills in defaults and finds mistakes. */
export function defineConfig(definition: ConfigDefinition): ConfigDefinition {
  return definition;
}

/** Values that presets and targets make. Their own options were checked there. */
const madeByPreset = v.custom<Issuer>(
  (value) => isMade(value, 'preset'),
  'must be made by a preset, such as oidc({ … })',
);
const madeByTarget = v.custom<Target>(
  (value) => isMade(value, 'kind'),
  'must be made by a kind of media server, such as red5({ … })',
);

function isMade(value: unknown, mark: 'preset' | 'kind'): boolean {
  return typeof value === 'object' && value !== null && mark in value && 'problems' in value;
}

/** The members of a configuration. Rules have a schema of their own, so that each mistake is reported at its rule. */
export const configSchema = v.strictObject({
  issuers: v.array(madeByPreset),
  targets: dictionary(madeByTarget),
  grants: v.array(v.unknown()),
  timing: v.exactOptional(
    v.strictObject({
      clockSkew: v.exactOptional(wholeNumber(0)),
      keyRingRefresh: v.exactOptional(wholeNumber(1)),
      keyRingMaxAge: v.exactOptional(wholeNumber(1)),
      slack: v.exactOptional(wholeNumber(0)),
      overlap: v.exactOptional(wholeNumber(1)),
    }),
  ),
  deny: v.exactOptional(
    v.strictObject({
      subjects: v.exactOptional(v.array(filledText)),
      sessions: v.exactOptional(v.array(filledText)),
    }),
  ),
  tokensPerMinute: v.exactOptional(wholeNumber(1)),
  rotation: v.exactOptional(rotationOptions),
  deploy: v.exactOptional(deployOptions),
});
