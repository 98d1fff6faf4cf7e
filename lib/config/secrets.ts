import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import type { KeyDistribution } from '../media-servers/target.ts';
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
}

/** The secrets of a configuration: each target's, and that of stream keys if a rule allows them. */
export function secretsOf({ targets, streamKeys }: Config): readonly ConfiguredSecret[] {
  const own = Object.entries(targets).map(([name, { secret, signing, keys }]): ConfiguredSecret => ({
    name,
    secret,
    signing,
    keys,
  }));
  if (streamKeys === undefined) return own;
  return [...own, { name: STREAM_KEYS, secret: streamKeys.secret, signing: 'HS256', keys: 'keyring' }];
}
