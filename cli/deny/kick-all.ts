import { DENY_CACHE_SECONDS } from '../../lib/admission/cached-table.ts';
import type { Config } from '../../lib/config/config.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import { EFFECTIVE_WITHIN_SECONDS } from './consequences.ts';
import { kickedUserOf } from './kick.ts';
import type { Kick, KickedServer } from './kick.ts';
import { kickJitsi } from './kick-jitsi.ts';
import { kickLivekit } from './kick-livekit.ts';
import { kickMediamtx } from './kick-mediamtx.ts';

/** The kinds of servers that can end the connections of one user. */
const KICKS: Readonly<Record<string, Kick>> = {
  livekit: kickLivekit,
  mediamtx: kickMediamtx,
  jitsi: kickJitsi,
};

/** Connections are ended a second time when the denial is in effect at every callback, because cached answers have ended by then. */
const SECOND_ROUND_AFTER_SECONDS = DENY_CACHE_SECONDS + 2;

/** What was ended at one server. */
export interface Kicked {
  readonly target: string;
  /** Host and port, without user and password; `its nodes` for servers that their agents tell. */
  readonly server: string;
  /** Connections that were ended. */
  readonly ended: number;
  /** From the denial until the last of them was ended, in seconds. */
  readonly seconds: number;
  /** Why some may remain. */
  readonly problem?: string;
}

/** The dependencies of {@link kickAll}. */
export interface KickDeps {
  /** A secret of a target, as an API key. */
  readonly keyOf: (targetName: string) => ReturnType<KickedServer['key']>;
  /** What the agents of a target's servers said. */
  readonly toldOf: (targetName: string) => ReturnType<KickedServer['told']>;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
}

/**
 * Ends the connections of a denied user at every server that can: now, and again when the denial is in effect at every
 * callback, for those that came back in between. Servers do not wait for one another.
 *
 * @param deniedAt epoch seconds
 */
export async function kickAll(
  config: Config,
  denied: Denied,
  deniedAt: number,
  deps: KickDeps,
): Promise<readonly Kicked[]> {
  const issuers = config.issuers.map(({ issuer }) => issuer);
  const kicked = Object.entries(config.targets).flatMap(([name, target]) => {
    const kick = KICKS[target.kind];
    if (kick === undefined) return [];
    const whom = kickedUserOf(denied, name, target, issuers);
    const addresses = target.kick === true ? [''] : (target.control ?? []);
    return addresses.map(async (address) => ({
      target: name,
      server: address === '' ? 'its nodes' : new URL(address).host,
      ...(await kickTwice((server) => kick(server, whom), name, address, deniedAt, deps)),
    }));
  });
  return Promise.all(kicked);
}

async function kickTwice(
  kick: (server: KickedServer) => Promise<number>,
  name: string,
  address: string,
  deniedAt: number,
  { keyOf, toldOf, now, pause }: KickDeps,
): Promise<Pick<Kicked, 'ended' | 'seconds' | 'problem'>> {
  const deadline = deniedAt + EFFECTIVE_WITHIN_SECONDS;
  const server = { address, key: () => keyOf(name), told: () => toldOf(name), now, pause, deadline };
  const round = async () => {
    try {
      return { ended: await kick(server), seconds: now() - deniedAt };
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'failed';
      return { ended: 0, seconds: now() - deniedAt, problem };
    }
  };
  const first = await round();
  await pause(Math.max(0, deniedAt + SECOND_ROUND_AFTER_SECONDS - now()));
  const second = await round();
  return {
    ...second,
    ended: first.ended + second.ended,
    seconds: second.ended > 0 ? second.seconds : first.seconds,
  };
}
