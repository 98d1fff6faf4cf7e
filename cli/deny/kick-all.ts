import type { Config } from '../../lib/config/config.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import { HEEDED_WITHIN_SECONDS } from './consequences.ts';
import { kickedUserOf } from './kick.ts';
import type { Kick, KickedServer } from './kick.ts';
import { kickLivekit } from './kick-livekit.ts';
import { kickMediamtx } from './kick-mediamtx.ts';

/** The kinds of servers that can be told to end connections. */
const KICKS: Readonly<Record<string, Kick>> = { livekit: kickLivekit, mediamtx: kickMediamtx };

/** What was ended at one server. */
export interface Kicked {
  readonly target: string;
  /** Without what stands before an `@` in it. */
  readonly server: string;
  /** Connections that were ended. */
  readonly ended: number;
  /** Why not all of them. */
  readonly problem?: string;
}

/** What it takes to tell servers. */
export interface KickDeps {
  /** A secret of a target, as an API key. */
  readonly keyOf: (targetName: string) => ReturnType<KickedServer['key']>;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
}

/**
 * Ends the connections of whoever is denied at every server whose target names its control API: now, and once more when
 * every callback heeds the denial, for those that came back meanwhile. One server that fails stops no other.
 */
export async function kickAll(config: Config, denied: Denied, deps: KickDeps): Promise<readonly Kicked[]> {
  const issuers = config.issuers.map(({ issuer }) => issuer);
  const servers = Object.entries(config.targets).flatMap(([name, target]) => {
    const kick = KICKS[target.kind];
    const whom = kickedUserOf(denied, name, target, issuers);
    return (kick ? (target.control ?? []) : []).map((address) => ({ name, address, whom, kick }));
  });
  if (servers.length === 0) return [];

  const round = () =>
    Promise.all(
      servers.map(async ({ name, address, whom, kick }) => {
        const server = { address, key: () => deps.keyOf(name), now: deps.now() };
        try {
          return { ended: (await kick?.(server, whom)) ?? 0 };
        } catch (error) {
          return { ended: 0, problem: error instanceof Error ? error.message : 'failed' };
        }
      }),
    );
  const first = await round();
  await deps.pause(HEEDED_WITHIN_SECONDS);
  const second = await round();
  return servers.map(({ name, address }, index) => {
    const problem = second[index]?.problem;
    return {
      target: name,
      server: new URL(address).host,
      ended: (first[index]?.ended ?? 0) + (second[index]?.ended ?? 0),
      ...(problem !== undefined && { problem }),
    };
  });
}
