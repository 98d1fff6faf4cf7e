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
  | { readonly kind: 'unreachable' }
  /** Answers that the page may not read. */
  | { readonly kind: 'kept from page' };

/** A token endpoint in virtual time; tokens are `token-1`, `token-2`, …, their fallbacks `fallback-1`, …. */
export interface VirtualApi {
  readonly fetch: typeof fetch;
  behaviour: Behaviour;
  /** Told of each exchange before it is answered. */
  onExchange: (form: URLSearchParams) => void;
  readonly exchanges: number;
  readonly mostInFlight: number;
  /** What was sent, each time. */
  readonly forms: readonly URLSearchParams[];
  /** The true time, in ms, at which this token dies. */
  expiryOf(token: string): number;
}

/** @param lifeSeconds of each token; `refresh_in` is 60 % of it. */
export function createVirtualApi(environment: VirtualEnvironment, lifeSeconds = 1000): VirtualApi {
  const expiries = new Map<string, number>();
  const forms: URLSearchParams[] = [];
  let exchanges = 0;
  let inFlight = 0;
  let mostInFlight = 0;

  const respond = (status: number, body: object, headers: Record<string, string> = {}): Response =>
    ({ status, headers: new Headers(headers), json: () => Promise.resolve(body) }) as Response;

  function issue(fallback: boolean): Response {
    const audiences = forms.at(-1)?.getAll('audience') ?? [];
    const answers = audiences.map((audience, index) => {
      const token = index ? `token-${exchanges}-${audience}` : `token-${exchanges}`;
      // The tokens of each next target end sooner.
      const life = lifeSeconds / (index + 1);
      expiries.set(token, environment.trueMs + life * 1000);
      const answer = {
        access_token: token,
        expires_in: life,
        refresh_in: life * 0.6,
        scope: 'subscribe',
        ...(fallback ? { fallback_token: `fallback-${exchanges}` } : {}),
      };
      return [audience, answer] as const;
    });
    const first = answers[0]?.[1] ?? {};
    return respond(200, answers.length > 1 ? { ...first, tokens: Object.fromEntries(answers) } : first);
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
      case 'kept from page':
        return Promise.reject(new TypeError('Failed to fetch'));
    }
  }

  const api: VirtualApi = {
    behaviour: { kind: 'issues' },
    onExchange: () => {},
    forms,
    fetch: async (_, init) => {
      if (init?.mode === 'no-cors') {
        if (api.behaviour.kind !== 'kept from page') throw new TypeError('Failed to fetch');
        return { type: 'opaque', status: 0 } as Response;
      }
      exchanges++;
      const form = init?.body as URLSearchParams;
      forms.push(form);
      api.onExchange(form);
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      const { signal } = init ?? {};
      const aborted = new Promise<never>((_, reject) => {
        if (signal?.aborted) reject(signal.reason as Error);
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
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
