import type { Config } from '../../lib/config/config.ts';
import { createLiveKeys, VERIFIER_FRESH_WITHIN } from '../../lib/signing-keys/live-keys.ts';
import type { LiveKeys } from '../../lib/signing-keys/live-keys.ts';
import type { Signer, Target } from '../../lib/media-servers/target.ts';
import type { SigningAlgorithm } from '../../lib/jws/signing-algorithm.ts';
import { createReaderOf } from './readers.ts';
import { systemNow, within } from '../../lib/node/system.ts';
import { writeRingProblem } from './ring-problem.ts';

/** One target, and the keys that its live tokens are signed with. */
export interface KeyedTarget {
  readonly name: string;
  readonly target: Target;
  readonly keys: LiveKeys;
}

/** Makes a secret's live keys; `label` names it in log lines. */
export type LiveKeysOf = (
  secret: string,
  signing: SigningAlgorithm,
  label: string,
  options?: { readonly withPrevious?: boolean; readonly signer?: Signer },
) => LiveKeys;

/** In seconds: early enough that verifiers never wait for a read. */
const REFRESH_AFTER = VERIFIER_FRESH_WITHIN - 15;

/** Live keys from Secrets Manager, kept as long as the configuration says. Reads nothing before the first call. */
export function createLiveKeysOf(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): LiveKeysOf {
  const readerOf = createReaderOf(env);
  return (secret, signing, label, { signer, ...options } = {}) =>
    createLiveKeys({
      ...options,
      secret,
      signing,
      reader: readerOf({ name: label, signing }, signer),
      now: systemNow,
      within,
      refreshAfter: Math.min(config.timing.keyRingRefresh, REFRESH_AFTER),
      maxAge: config.timing.keyRingMaxAge,
      onProblem: (problem) => writeRingProblem(label, problem),
    });
}

/** The configured targets with their live keys. */
export function keyTargets(config: Config, liveKeysOf: LiveKeysOf): readonly KeyedTarget[] {
  return Object.entries(config.targets).map(([name, target]) => ({
    name,
    target,
    keys: liveKeysOf(target.secret, target.signing, name, target.signer && { signer: target.signer }),
  }));
}
