import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectWithToken } from '../client/src/connect.ts';
import { createStreamPass } from '../client/src/index.ts';
import type { OfferedToken } from '../client/src/index.ts';
import { signIn } from './oidc-provider/sign-in.ts';
import type { Stack } from './stack.ts';

/** How the connections of the fleet went so far. */
export interface FleetCounts {
  readonly first: number;
  readonly fallback: number;
  readonly rejected: number;
}

/** A few clients that connect again and again. */
export interface ClientFleet {
  readonly counts: () => FleetCounts;
  readonly close: () => Promise<void>;
}

/** What one of them does at a media server of the example's targets. */
const VIEWS = [
  { target: 'red5', room: 'public-1', attempt: { action: 'subscribe', transport: 'WHEP' } },
  { target: 'jitsi', room: 'public-1', attempt: { action: 'join' } },
  { target: 'rtcstats', room: 'public-1', attempt: { action: 'report' } },
] as const;

/** Between two connections of one client, in milliseconds. */
const PAUSE_MS = 500;
/** A sign-in is used for half of its hour. */
const SIGN_IN_MS = 30 * 60_000;

/**
 * Starts clients of every media server that use `streampass-client` as a page does, and count with which token they got
 * in. A connection counts as rejected if the server accepts neither token of the set, nor a fresh one.
 */
export function startClientFleet({ urls, servers }: Pick<Stack, 'urls' | 'servers'>): ClientFleet {
  const ending = new AbortController();
  const counts = { first: 0, fallback: 0, rejected: 0 };
  const subjectToken = keepSignedIn(urls.oidc);

  async function view({ target, room, attempt }: (typeof VIEWS)[number]): Promise<void> {
    const pass = createStreamPass({ endpoint: `${urls.api}/token`, audience: target, room, subjectToken });
    while (!ending.signal.aborted) {
      try {
        const offered = await connectWithToken(
          pass,
          async (token, offered) => {
            await connect(`${servers[target]}/connect`, { token, room, ...attempt });
            return offered;
          },
          { signal: ending.signal },
        );
        counts[isFallback(offered) ? 'fallback' : 'first'] += 1;
      } catch {
        if (!ending.signal.aborted) counts.rejected += 1;
      }
      await delay(PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    pass.close();
  }

  const views = VIEWS.filter(({ target }) => servers[target] !== undefined).map(view);
  return {
    counts: () => ({ ...counts }),
    async close() {
      ending.abort();
      await Promise.all(views);
    },
  };
}

function isFallback(offered: OfferedToken): boolean {
  return offered === 'first-fallback' || offered === 'fresh-fallback';
}

async function connect(address: string, attempt: object): Promise<void> {
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(attempt) });
  if (!response.ok) throw new Error(await response.text());
}

function keepSignedIn(issuer: string): () => Promise<string> {
  let signedIn: { readonly at: number; readonly idToken: Promise<string> } | undefined;
  return () => {
    if (signedIn === undefined || Date.now() - signedIn.at > SIGN_IN_MS) {
      const idToken = signIn({ issuer, user: 'viewer' }).then((tokens) => tokens.idToken);
      signedIn = { at: Date.now(), idToken };
    }
    return signedIn.idToken;
  };
}
