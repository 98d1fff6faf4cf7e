import { oidc } from '../identity/presets/oidc.ts';
import type { OidcOptions } from '../identity/presets/oidc.ts';
import type { Fleet } from '../media-servers/target.ts';
import type { Config, ConfigContext, Timing } from './config.ts';

/** What `npm start` uses instead of the deployment's sign-ins, servers and secrets. */
export interface StandIns {
  /** An issuer whose users and services are accepted besides those of the configured issuers. */
  readonly issuer: OidcOptions;
  /** By target; a target without an entry has no servers here. */
  readonly fleets: Readonly<Record<string, Fleet>>;
}

/** The waits of `npm start -- --demo`: a whole rotation takes about three minutes. */
const DEMO_TIMING: Timing = { clockSkew: 2, keyRingRefresh: 3, keyRingMaxAge: 20, slack: 3, overlap: 30 };
const DEMO_LONGEST_TOKEN = 60;

/**
 * A valid configuration, changed for the stage `local`. The local stack sets `STREAMPASS_STAND_INS` to what replaces the
 * deployment's parts, so that no server, secret or instance of the configuration is contacted. `STREAMPASS_PROFILE=demo`
 * makes lifetimes and waits short. Other stages are not changed.
 */
export function inStage(config: Config, { stage, env }: ConfigContext): Config {
  if (stage !== 'local') return config;
  const standIns = env['STREAMPASS_STAND_INS'];
  const here = standIns ? withStandIns(config, JSON.parse(standIns) as StandIns) : config;
  return env['STREAMPASS_PROFILE'] === 'demo' ? withShortLifetimes(here) : here;
}

/** The name of a target's secret in the local stack. */
export function localSecretOf(target: string): string {
  return `streampass/local/${target}`;
}

function withStandIns(config: Config, { issuer, fleets }: StandIns): Config {
  const targets = Object.entries(config.targets).map(([name, { fleet: _deployed, signer, ...target }]) => {
    const fleet = Object.hasOwn(fleets, name) ? fleets[name] : undefined;
    const secret = localSecretOf(name);
    const localSigner = signer && { ...signer, keyId: `alias/${secret}` };
    return [
      name,
      { ...target, secret, ...(fleet && { fleet }), ...(localSigner && { signer: localSigner }) },
    ] as const;
  });
  const isThere = config.issuers.some((configured) => configured.issuer === issuer.issuer);
  return {
    ...config,
    issuers: isThere ? config.issuers : [...config.issuers, oidc(issuer)],
    targets: Object.fromEntries(targets),
  };
}

function withShortLifetimes(config: Config): Config {
  const targets = Object.entries(config.targets).map(([name, target]) => {
    const longestToken = Math.min(target.longestToken, DEMO_LONGEST_TOKEN);
    return [name, { ...target, longestToken }] as const;
  });
  return { ...config, targets: Object.fromEntries(targets), timing: DEMO_TIMING };
}
