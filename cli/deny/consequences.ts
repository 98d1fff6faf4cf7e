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
    tokens:
      target.kick === true
        ? `refused within ${HEEDED_WITHIN_SECONDS} s by nodes that follow; others accept them until they end`
        : (TOKENS[target.kind] ?? 'servers that verify tokens themselves accept them until they end'),
    connections: connectionsOf(target),
  }));
}

function longestTokenOf(name: string, target: ConfiguredTarget, { grants }: Config): number {
  const ttls = grants.filter((rule) => rule.target === name).map(({ ttl }) => ttl);
  return Math.min(target.longestToken, Math.max(0, ...ttls));
}

function connectionsOf({ kind, control, kick }: ConfiguredTarget): string {
  if (kick === true) return 'are ended below, by the module of its nodes; nobody comes back there';
  if (kind === 'jitsi') return 'go on: Prosody ends them with mod_streampass_kick (`kick: true`)';
  if (kind !== 'livekit' && kind !== 'mediamtx')
    return `go on: no ${kind} server can be told to end those of one user`;
  return control === undefined
    ? 'go on: name the control API of its servers (`control`) to have them ended'
    : 'are ended below; whoever holds a token that its server accepts can come back until it ends';
}

const TOKENS: Readonly<Record<string, string>> = {
  red5: `refused within ${HEEDED_WITHIN_SECONDS} s by the round trip; servers with the JWT authenticator accept them until they end`,
  mediamtx: `refused within ${HEEDED_WITHIN_SECONDS} s with authMethod http; servers with authMethod jwt accept them until they end`,
  livekit:
    'those that began before are revoked if connections can be ended; else servers accept them until they end',
};
