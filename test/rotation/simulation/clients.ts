import type { Chance } from './chance.ts';
import type { Provider } from './provider.ts';
import type { Region } from './region.ts';

/** What clients saw. */
export interface Counts {
  first: number;
  fallback: number;
  /** Both tokens of a set turned away before they had expired: what must never happen. */
  rejected: number;
  /** No node took connections just then. */
  down: number;
  /** Requests for a token that were answered with 503. */
  unavailable: number;
}

interface TokenSet {
  /** Where it was issued: the other region's nodes have other secrets. */
  readonly region: Pick<Region, 'nodes'>;
  readonly access: string;
  readonly fallback: string | undefined;
  /** Epoch seconds, as the token says. */
  readonly expiresAt: number;
}

/** Many clients that get token sets and use them at any time until they expire. */
export interface Clients {
  readonly counts: Counts;
  /** Some get a new set, all others keep theirs; some connect. */
  live(now: number): Promise<void>;
  /** One line on the first set that was turned away. */
  firstRejection(): string | undefined;
}

/** Each client holds on to its token set until it expires, which is longer than any real client does. */
export function simulateClients(
  count: number,
  {
    chance,
    provider,
    regions,
    dropFallback,
    connections,
  }: {
    readonly chance: Chance;
    readonly provider: Provider;
    readonly regions: readonly Pick<Region, 'nodes' | 'issuers'>[];
    readonly dropFallback: boolean;
    /** Connections that a client may try at one time. */
    readonly connections: number;
  },
): Clients {
  const sets: (TokenSet | undefined)[] = Array.from({ length: count });
  const counts: Counts = { first: 0, fallback: 0, rejected: 0, down: 0, unavailable: 0 };
  let rejection: string | undefined;

  const renew = async (client: number, now: number) => {
    const region = regions[chance.below(regions.length)]!;
    const issuers = region.issuers();
    const answer = await issuers[chance.below(issuers.length)]?.(provider.idToken(`client-${client}`, now));
    if (answer?.status === 503) counts.unavailable++;
    else if (answer?.accessToken === undefined)
      throw new Error(`token answered ${answer?.status} ${answer?.reason}`);
    else
      sets[client] = {
        region,
        access: answer.accessToken,
        fallback: dropFallback ? undefined : answer.fallbackToken,
        expiresAt: expiryOf(answer.accessToken),
      };
  };

  const connect = (client: number, { region, access, fallback, expiresAt }: TokenSet, now: number) => {
    const { nodes } = region;
    const index = chance.below(nodes.length);
    const first = nodes[index]?.connect(access, now);
    if (first === 'down') counts.down++;
    else if (first === true) counts.first++;
    else if (nodes[index]?.connect(fallback, now) === true) counts.fallback++;
    else {
      counts.rejected++;
      const age = `${Math.round(expiresAt - now)} s before its end`;
      rejection ??= `client ${client} at node ${index}, ${age}, ${fallback === undefined ? 'without' : 'with'} a fallback token`;
    }
  };

  return {
    counts,
    firstRejection: () => rejection,
    async live(now) {
      for (const client of sets.keys()) {
        const set = sets[client];
        // A node's clock may be ahead by as much as is allowed for: its token has ended there a little earlier.
        const isLive = set !== undefined && now < set.expiresAt - LATEST_USE;
        if (isLive) {
          for (let time = 0; time < connections; time++) if (chance.happens(0.3)) connect(client, set, now);
        } else if (chance.happens(0.5)) await renew(client, now);
      }
    },
  };
}

/** Largest difference between the clocks of the simulation, in seconds. */
export const LATEST_USE = 2;

function expiryOf(token: string): number {
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    exp: number;
  };
  return exp;
}
