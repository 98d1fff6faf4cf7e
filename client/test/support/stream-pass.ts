import { onTestFinished } from 'vitest';
import type { StreamPassEvents } from '../../src/events.ts';
import type { StreamPassOptions } from '../../src/options.ts';
import { createStreamPassIn, type StreamPass } from '../../src/stream-pass.ts';
import { createVirtualApi, type VirtualApi } from './virtual-api.ts';
import { createVirtualEnvironment, type VirtualEnvironment } from './virtual-environment.ts';

export const UNAVAILABLE = { kind: 'answers', status: 503, body: { reason: 'secret_unavailable' } } as const;
export const SIGN_IN_EXPIRED = {
  kind: 'answers',
  status: 400,
  body: { error: 'invalid_request', reason: 'subject_token_expired' },
} as const;

export interface Stage {
  readonly environment: VirtualEnvironment;
  readonly api: VirtualApi;
  readonly pass: StreamPass;
  /** Every event so far as `name` or `name reason`. */
  readonly events: readonly string[];
  /** Every status that was told so far. */
  readonly states: readonly string[];
}

/** A StreamPass in virtual time against a virtual API; tokens live 1000 s, and are due for renewal after 600 s. */
export function createStage(options: Partial<StreamPassOptions> = {}, random?: () => number): Stage {
  const environment = createVirtualEnvironment(random);
  const api = createVirtualApi(environment);
  const pass = createStreamPassIn(environment, {
    endpoint: 'https://api.example.com/token',
    audience: 'red5',
    subjectToken: 'id-token',
    fetch: api.fetch,
    ...options,
  });
  const events: string[] = [];
  for (const name of ['renewed', 'expired', 'denied', 'delayed'] as const) {
    pass.on(name, (detail: StreamPassEvents[typeof name]) => {
      events.push(detail && 'reason' in detail ? `${name} ${detail.reason}` : name);
    });
  }
  const states: string[] = [];
  pass.on('changed', ({ status }) => states.push(status));
  onTestFinished(() => pass.close());
  return { environment, api, pass, events, states };
}
