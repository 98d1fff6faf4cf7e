import type { Config } from '../../lib/config/config.ts';
import type { ConfiguredTarget } from '../../lib/media-servers/target.ts';

/** How long a denial takes to be heeded by `/token`, callbacks and the authorizer, in seconds. */
export const HEEDED_WITHIN_SECONDS = 15;

/** What becomes of a denied user at one target. */
export interface Consequence {
  readonly target: string;
  /** When the last token that they can hold ends, epoch seconds. */
  readonly lastTokenEnds: number;
  /** What tokens still do there. */
  readonly tokens: string;
  /** What becomes of connections. */
  readonly connections: string;
}

/** What a denial means at each target from `now` on (epoch seconds). */
export function consequencesOf(config: Config, now: number): readonly Consequence[] {
  return Object.entries(config.targets).map(([name, target]) => ({
    target: name,
    lastTokenEnds: Math.ceil(now) + longestTokenOf(name, target, config),
    ...(BY_KIND[target.kind] ?? OTHER_KIND),
  }));
}

function longestTokenOf(name: string, target: ConfiguredTarget, { grants }: Config): number {
  const ttls = grants.filter((rule) => rule.target === name).map(({ ttl }) => ttl);
  return Math.min(target.longestToken, Math.max(0, ...ttls));
}

const OTHER_KIND = {
  tokens: 'servers that verify tokens themselves accept them until they end',
  connections: 'go on: this kind of server cannot be told to end one',
};

const BY_KIND: Readonly<Record<string, Pick<Consequence, 'tokens' | 'connections'>>> = {
  red5: {
    tokens: `refused within ${HEEDED_WITHIN_SECONDS} s by the round trip; servers with the JWT authenticator accept them until they end`,
    connections: 'go on: Red5 Pro cannot be told to end those of one user',
  },
  mediamtx: {
    tokens: `refused within ${HEEDED_WITHIN_SECONDS} s with authMethod http; servers with authMethod jwt accept them until they end`,
    connections: 'go on, unless the target names its control API (`control`)',
  },
  livekit: {
    tokens: 'servers accept them until they end, unless LiveKit is told to revoke them (`control`)',
    connections: 'go on, unless the target names its API (`control`)',
  },
};
