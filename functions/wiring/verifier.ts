import { createAdmission } from '../../lib/admission/admission.ts';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import type { Verify } from '../../lib/token-verification/verifier.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import type { Configured } from './configured.ts';
import { systemNow, within } from '../../lib/node/system.ts';
import { denyTableOf } from './tables.ts';
import { keyTargets } from './target-keys.ts';
import type { LiveKeysOf } from './target-keys.ts';

/** The parts that the functions that verify streaming tokens share. */
export interface VerifierService {
  /** Also throws `config_invalid` (503) if the configuration is not sound. */
  readonly verify: Verify;
  /** Fetches the secrets that the first request needs; never rejects. */
  prefetch(): Promise<void>;
}

/** Wires a configuration to Secrets Manager and to its deny list. Reads nothing before the first call. */
export function createVerifierService(
  { config, problems }: Configured,
  env: Readonly<Record<string, string | undefined>>,
  liveKeysOf: LiveKeysOf,
): VerifierService {
  const sound = problems.length === 0;
  const targets = keyTargets(config, liveKeysOf);
  const { assertNotDenied } = createAdmission({
    deny: config.deny,
    table: denyTableOf(env),
    now: systemNow,
    within,
  });
  const verify = createVerifier({
    targets,
    issuers: config.issuers.map(({ issuer }) => issuer),
    assertNotDenied,
    now: systemNow,
    clockSkew: config.timing.clockSkew,
  });
  return {
    async verify(token, concerns, options) {
      if (!sound) throw new OAuthError('config_invalid');
      return verify(token, concerns, options);
    },
    async prefetch() {
      if (sound) await Promise.allSettled(targets.map(({ keys }) => keys.get()));
    },
  };
}
