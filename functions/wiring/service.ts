import { createAdmission } from '../../lib/admission/admission.ts';
import type { DenyTable } from '../../lib/admission/cached-table.ts';
import type { Admission } from '../../lib/admission/admission.ts';
import type { HealthDeps } from '../../lib/exchange/health.ts';
import { byIss } from '../../lib/identity/issuer.ts';
import { createIssuerKeys } from '../../lib/identity/issuer-keys.ts';
import type { TrustedIssuer } from '../../lib/identity/identify.ts';
import { secretsOf } from '../../lib/config/secrets.ts';
import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { createKeyRing } from '../../lib/signing-keys/key-ring.ts';
import type { KeyRing } from '../../lib/signing-keys/key-ring.ts';
import { createSecretCheck } from '../../lib/signing-keys/secret-check.ts';
import { getJson } from '../../lib/node/https-json.ts';
import { writeLine } from '../../lib/node/log.ts';
import type { Configured } from './configured.ts';
import { createReaderOf } from './readers.ts';
import { systemNow, within } from '../../lib/node/system.ts';
import { writeRingProblem } from './ring-problem.ts';
import { hasWholeCpu } from './start.ts';

/** The parts that `health` and the functions that issue tokens share, made from the checked configuration. */
export interface Service {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  /** The deny list and the rate limits, which apply before any rule. */
  readonly admission: Admission;
  /** The key ring of a configured target. */
  readonly ringOf: (targetName: string) => KeyRing;
  readonly health: HealthDeps;
  /**
   * Fetches keys and secrets before the first request; never rejects. Default of `needs`: every secret. Where the request has
   * a whole CPU, only the first of them: the request then fetches the one that it needs, and no other.
   */
  readonly prefetch: (needs?: (secret: ConfiguredSecret) => boolean) => Promise<void>;
}

/** The number of issuers whose keys are fetched before the first request. */
const PREFETCHED_ISSUERS = 4;

/** Wires a configuration to Secrets Manager and the providers. Reads nothing before the first call. */
export function createService(
  { config, problems }: Configured,
  env: Readonly<Record<string, string | undefined>>,
  denyTable?: DenyTable,
): Service {
  const sound = problems.length === 0;
  if (sound && config.issuers.length === 0) {
    writeLine({
      event: 'config.no_issuer',
      problem:
        'no identity provider is configured: set OIDC_ISSUER and OIDC_AUDIENCE, or COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID',
    });
  }

  const trusted = config.issuers.map((issuer) => ({
    issuer,
    keys: createIssuerKeys({
      issuer,
      getJson,
      now: systemNow,
      within,
      onProblem: (problem) => writeLine({ event: 'issuer.problem', issuer: issuer.issuer, problem }),
    }),
  }));
  const readerOf = createReaderOf(env);
  const rings = new Map(
    secretsOf(config).map((secret) => [
      secret.name,
      createKeyRing({
        secret: secret.secret,
        signing: secret.signing,
        withFallback: secret.keys === 'single',
        reader: readerOf(secret, secret.target?.signer),
        now: systemNow,
        within,
        refreshAfter: config.timing.keyRingRefresh,
        maxAge: config.timing.keyRingMaxAge,
        onProblem: (problem) => writeRingProblem(secret.name, problem),
      }),
    ]),
  );

  function ringOf(targetName: string): KeyRing {
    const ring = rings.get(targetName);
    if (ring === undefined) throw new TypeError(`no target is called "${targetName}"`);
    return ring;
  }

  return {
    issuers: byIss(trusted),
    admission: createAdmission({
      deny: config.deny,
      table: denyTable,
      tokensPerMinute: config.tokensPerMinute,
      now: systemNow,
      within,
    }),
    ringOf,
    health: {
      issuers: trusted.map(
        ({ keys }) =>
          () =>
            keys.ready(),
      ),
      secrets: secretsOf(config).map((configured) =>
        createSecretCheck({
          secret: configured.secret,
          reader: readerOf(configured, configured.target?.signer),
          now: systemNow,
          within,
          refreshAfter: config.timing.keyRingRefresh,
          maxAge: config.timing.keyRingMaxAge,
        }),
      ),
    },
    async prefetch(needs = () => true) {
      if (!sound || trusted.length === 0) return;
      const fetched = trusted.slice(0, PREFETCHED_ISSUERS).map(({ keys }) => keys.ready());
      const [first, ...others] = secretsOf(config).filter(needs);
      const needed = first === undefined ? [] : [first, ...(hasWholeCpu(env) ? [] : others)];
      await Promise.allSettled([...fetched, ...needed.map(({ name }) => ringOf(name).get())]);
    },
  };
}
