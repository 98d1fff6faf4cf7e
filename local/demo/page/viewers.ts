import {
  createStreamPass,
  StreamPassError,
  type ExchangeAnswer,
  type OfferedToken,
  type StreamPassOptions,
} from 'streampass-client';
import { connect } from 'streampass-client/connect';
import { onOneNode } from './one-node.ts';
import { Refused } from './refusal.ts';

/** How one connection went: which token was taken, or none; `unavailable` where no server decided. */
export type Outcome = 'first' | 'fallback' | 'fresh' | 'rejected' | 'unavailable';

/** What a viewer tells after each connection that it tried. */
export interface ViewerState {
  readonly name: string;
  /** The `kid` of the token that it holds; `undefined` before the first. */
  readonly kid: string | undefined;
  /** `performance.now()` of when that token came. */
  readonly since: number;
  readonly outcome: Outcome | undefined;
  /** The last refusal's words. */
  readonly words: string;
}

/** Everything a fleet of viewers needs. */
export interface ViewersOptions {
  readonly pass: StreamPassOptions;
  /** Presents a token to a node of the media server. @throws {Refused} {@link Unavailable} */
  readonly present: (token: string, node: number) => Promise<unknown>;
  readonly nodes: number;
  readonly kidOf: (token: string) => string;
  readonly onConnection: (viewer: ViewerState) => void;
  /** The API refuses: nobody can go on. */
  readonly onDenied: (error: StreamPassError) => void;
}

/** What a token that was taken counts as. */
export const outcomeOf: Readonly<Record<OfferedToken, Outcome>> = {
  first: 'first',
  'first-fallback': 'fallback',
  fresh: 'fresh',
  'fresh-fallback': 'fresh',
};

const names = ['renews 1', 'renews 2', 'holds on 1', 'holds on 2'] as const;
const pauseMs = 1000;
/** A token is not offered in the last seconds of its life: the server's clock is another one. */
const marginSeconds = 10;

/**
 * Viewers that connect anew every second until the signal aborts. Two renew as any app with streampass-client does; two
 * hold on to a token and its fallback until shortly before their end, so that old tokens are tried on every node too.
 */
export function startViewers(options: ViewersOptions, signal: AbortSignal): void {
  names.forEach((name, index) => {
    const view = name.startsWith('renews') ? renewing : holding;
    void pause((index * pauseMs) / names.length, signal).then(() => view(name, options, signal));
  });
}

async function renewing(name: string, options: ViewersOptions, signal: AbortSignal): Promise<void> {
  const pass = createStreamPass(options.pass);
  signal.addEventListener('abort', () => pass.close());
  let state: ViewerState = { name, kid: undefined, since: 0, outcome: undefined, words: '' };
  pass.on('renewed', ({ token }) => {
    state = { ...state, kid: options.kidOf(token), since: performance.now() };
  });
  while (!signal.aborted) {
    try {
      const offered = await onOneNode(options.nodes, (node) =>
        connect(
          pass,
          async (token, offered) => {
            await options.present(token, node);
            return offered;
          },
          { signal, isRefusal: (error) => error instanceof Refused },
        ),
      );
      state = { ...state, outcome: outcomeOf[offered], words: '' };
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StreamPassError && error.kind !== 'refused') return options.onDenied(error);
      const rejected = error instanceof StreamPassError;
      state = { ...state, outcome: rejected ? 'rejected' : 'unavailable', words: messageOf(error) };
    }
    options.onConnection(state);
    await pause(pauseMs, signal);
  }
}

async function holding(name: string, options: ViewersOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const since = performance.now();
    let held: ExchangeAnswer;
    try {
      held = await exchangeOnce(options.pass, signal);
    } catch (error) {
      if (!signal.aborted) options.onDenied(error as StreamPassError);
      return;
    }
    const until = since + (held.expiresInSeconds - marginSeconds) * 1000;
    while (!signal.aborted && performance.now() < until) {
      const { outcome, words } = await tryInTurn(held, options);
      if (signal.aborted) return;
      options.onConnection({ name, kid: options.kidOf(held.token), since, outcome, words });
      await pause(pauseMs, signal);
    }
  }
}

/** The token set of one exchange, waiting through outages, and nothing renewed after it. */
async function exchangeOnce(options: StreamPassOptions, signal: AbortSignal): Promise<ExchangeAnswer> {
  const pass = createStreamPass(options);
  try {
    const renewed = new Promise<ExchangeAnswer>((resolve) => pass.on('renewed', resolve));
    await pass.token({ signal });
    return await renewed;
  } finally {
    pass.close();
  }
}

async function tryInTurn(
  { token, fallbackToken }: ExchangeAnswer,
  { nodes, present }: ViewersOptions,
): Promise<{ outcome: Outcome; words: string }> {
  try {
    return await onOneNode(nodes, async (node) => {
      try {
        await present(token, node);
        return { outcome: 'first', words: '' };
      } catch (error) {
        if (!(error instanceof Refused) || fallbackToken === undefined) throw error;
        await present(fallbackToken, node);
        return { outcome: 'fallback', words: '' };
      }
    });
  } catch (error) {
    return { outcome: error instanceof Refused ? 'rejected' : 'unavailable', words: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
