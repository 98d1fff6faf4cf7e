import type { Config } from '../../lib/config/config.ts';
import type { ConfiguredTarget } from '../../lib/media-servers/target.ts';

/** Within how many seconds a denial takes effect at `/token`, callbacks and the authorizer. */
export const EFFECTIVE_WITHIN_SECONDS = 15;

/** What a denial changes at one target. */
export interface Consequence {
  readonly target: string;
  /** When the last token that the user can hold ends, epoch seconds. */
  readonly lastTokenEnds: number;
  /** What tokens still do there. */
  readonly tokens: string;
  /** What happens to open connections. */
  readonly connections: string;
}

/** The effects of a denial at each target from `now` on (epoch seconds). */
export function consequencesOf(config: Config, now: number): readonly Consequence[] {
  return Object.entries(config.targets).map(([name, target]) => ({
    target: name,
    lastTokenEnds: Math.ceil(now) + longestTokenOf(name, target, config),
    tokens:
      target.kick === true
        ? `refused within ${EFFECTIVE_WITHIN_SECONDS} s by nodes whose agents ask who is denied; other nodes accept them until they end`
        : (TOKENS[target.kind] ?? 'servers that verify tokens themselves accept them until they end'),
    connections: connectionsOf(target),
  }));
}

function longestTokenOf(name: string, target: ConfiguredTarget, { grants }: Config): number {
  const ttls = grants.filter((rule) => rule.target === name).map(({ ttl }) => ttl);
  return Math.min(target.longestToken, Math.max(0, ...ttls));
}

function connectionsOf({ kind, control, kick }: ConfiguredTarget): string {
  if (kick === true) return 'are ended below, by the module of its nodes; the user cannot come back';
  if (kind === 'jitsi') return 'go on: Prosody can end them only with mod_streampass_kick (`kick: true`)';
  if (kind !== 'livekit' && kind !== 'mediamtx')
    return `go on: ${kind} servers cannot end the connections of one user`;
  return control === undefined
    ? 'go on: set `control` to the control API of its servers, so that this command can end them'
    : 'are ended below; a user with a token that the server still accepts can come back until it ends';
}

const TOKENS: Readonly<Record<string, string>> = {
  red5: `refused within ${EFFECTIVE_WITHIN_SECONDS} s by the round trip; servers with the JWT authenticator accept them until they end`,
  mediamtx: `refused within ${EFFECTIVE_WITHIN_SECONDS} s with authMethod http; servers with authMethod jwt accept them until they end`,
  livekit:
    'tokens issued before are revoked if connections can be ended; if not, servers accept them until they end',
};
