import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import type { ConfiguredTarget, KeyDistribution } from '../media-servers/target.ts';
import type { Config } from './config.ts';
import { STREAM_KEYS } from './stream-keys.ts';

/** One secret that streampass signs with. */
export interface ConfiguredSecret {
  /** The target's name, or {@link STREAM_KEYS}. */
  readonly name: string;
  /** Name or ARN in Secrets Manager. */
  readonly secret: string;
  readonly signing: SigningAlgorithm;
  readonly keys: KeyDistribution;
  /** The target whose secret it is; left out for the stream keys' own. */
  readonly target?: ConfiguredTarget;
}

/** The secrets of functions that serve only some targets. They read no others. */
export const SECRETS_OF = {
  /** Encoders by WHIP: the targets with an address for them, and stream keys. */
  whip: ({ target }: ConfiguredSecret) => target === undefined || target.whipUrl !== undefined,
  /** LiveKit's SDKs: the LiveKit targets with an address. */
  livekit: ({ target }: ConfiguredSecret) => target?.livekitUrl !== undefined,
} as const;

/** The secrets of a configuration: each target's, and that of stream keys if a rule allows them. */
export function secretsOf({ targets, streamKeys }: Config): readonly ConfiguredSecret[] {
  const own = Object.entries(targets).map(([name, target]): ConfiguredSecret => {
    const { secret, signing, keys } = target;
    return { name, secret, signing, keys, target };
  });
  if (streamKeys === undefined) return own;
  return [...own, { name: STREAM_KEYS, secret: streamKeys.secret, signing: 'HS256', keys: 'keyring' }];
}
