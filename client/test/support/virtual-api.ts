import type { VirtualEnvironment } from './virtual-environment.ts';

/** What the API answers next: a token, an error body with its status, no answer at all, or a broken network. */
export type Behaviour =
  | { readonly kind: 'issues'; readonly fallback?: boolean; readonly delayMs?: number }
  | {
      readonly kind: 'answers';
      readonly status: number;
      readonly body?: object;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: 'hangs' }
  | { readonly kind: 'unreachable' };

/** A token endpoint in virtual time; tokens are `token-1`, `token-2`, …, their fallbacks `fallback-1`, …. */
export interface VirtualApi {
  readonly fetch: typeof fetch;
  behaviour: Behaviour;
  readonly exchanges: number;
  readonly mostInFlight: number;
  /** The true time, in ms, at which this token dies. */
  expiryOf(token: string): number;
}

/** @param lifeSeconds of each token; `refresh_in` is 60 % of it. */
export function createVirtualApi(environment: VirtualEnvironment, lifeSeconds = 1000): VirtualApi {
  const expiries = new Map<string, number>();
  let exchanges = 0;
  let inFlight = 0;
  let mostInFlight = 0;

  const respond = (status: number, body: object, headers: Record<string, string> = {}): Response =>
    ({ status, headers: new Headers(headers), json: () => Promise.resolve(body) }) as Response;

  function issue(fallback: boolean): Response {
    const token = `token-${exchanges}`;
    expiries.set(token, environment.trueMs + lifeSeconds * 1000);
    return respond(200, {
      access_token: token,
      expires_in: lifeSeconds,
      refresh_in: lifeSeconds * 0.6,
      scope: 'subscribe',
      ...(fallback ? { fallback_token: `fallback-${exchanges}` } : {}),
    });
  }

  function answer(behaviour: Behaviour): Promise<Response> {
    switch (behaviour.kind) {
      case 'issues': {
        const response = issue(behaviour.fallback ?? false);
        return new Promise((resolve) => {
          if (behaviour.delayMs) environment.after(behaviour.delayMs, () => resolve(response));
          else resolve(response);
        });
      }
      case 'answers':
        return Promise.resolve(respond(behaviour.status, behaviour.body ?? {}, behaviour.headers));
      case 'hangs':
        return new Promise(() => {});
      case 'unreachable':
        return Promise.reject(new TypeError('Failed to fetch'));
    }
  }

  const api: VirtualApi = {
    behaviour: { kind: 'issues' },
    fetch: async (_, init) => {
      exchanges++;
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      const { signal } = init ?? {};
      const aborted = new Promise<never>((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      );
      return Promise.race([answer(api.behaviour), aborted]).finally(() => inFlight--);
    },
    get exchanges() {
      return exchanges;
    },
    get mostInFlight() {
      return mostInFlight;
    },
    expiryOf: (token) => expiries.get(token) ?? -Infinity,
  };
  return api;
}
