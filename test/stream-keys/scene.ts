import type { Config, ConfigInput } from '../../lib/config/config.ts';
import { days, hours, jitsi, minutes, red5 } from '../../lib/config/index.ts';
import type { ExchangeDeps, ExchangeOutcome } from '../../lib/exchange/exchange.ts';
import { exchangeRequest } from '../../lib/exchange/exchange.ts';
import { indexStreamKeyRules } from '../../lib/exchange/make-stream-key.ts';
import type { TokenRequest } from '../../lib/exchange/parse-token-request.ts';
import type { Whom } from '../../lib/admission/deny-rows.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { TOKEN_TYPE_JWT, TOKEN_TYPE_STREAM_KEY } from '../../lib/oauth/token-exchange.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import { verifyStreamKey } from '../../lib/stream-keys/stream-key.ts';
import { configOf } from '../support/config.ts';

export const NOW = 1_900_000_000;
export const KEY: SigningKey = { alg: 'HS256', kid: 'key-ring', key: hmacKey('k'.repeat(43)) };
const TOKEN_KEY: SigningKey = { alg: 'HS256', kid: 'red5-key', key: hmacKey('t'.repeat(43)) };

export const RULES: readonly Rule[] = [
  {
    group: 'broadcasters',
    target: 'live',
    actions: ['publish'],
    rooms: ['studio-*'],
    transports: ['WHIP', 'RTMP'],
    ttl: hours(1),
    streamKeys: { longest: days(90) },
  },
  {
    group: 'broadcasters',
    target: 'live',
    actions: ['publish', 'subscribe'],
    rooms: ['*'],
    ttl: minutes(10),
  },
  { target: 'meet', actions: ['join'], rooms: ['*'], ttl: hours(1), streamKeys: { longest: days(1) } },
];

const TARGETS: ConfigInput['targets'] = {
  live: red5({ issuer: 'streampass', address: 'https://red5.example.com' }),
  meet: jitsi({ appId: 'streampass', domain: 'meet.example.com' }),
};

/** A configuration with these rules. */
export function configWith(grants: ConfigInput['grants'], targets = TARGETS): Config {
  return configOf({ issuers: [], targets, grants });
}

/** What of the outside a test may change. */
export interface Scene {
  readonly targets?: ConfigInput['targets'];
  readonly rules?: readonly Rule[];
  readonly person?: Identity;
  readonly now?: number;
  readonly keys?: readonly SigningKey[];
  readonly denied?: (whom: Whom) => boolean;
}

export const broadcaster: Identity = {
  issuer: 'https://id.example',
  subject: 'person-1',
  groups: ['broadcasters'],
  claims: { iss: 'https://id.example', sub: 'person-1', sid: 'sign-in-1', name: 'Kim', exp: NOW + 600 },
  expiresAt: NOW + 600,
};

/** The dependencies of an exchange, with the rules and the outside of this scene. */
export function depsOf({
  targets,
  rules = RULES,
  person = broadcaster,
  now = NOW,
  keys = [KEY],
  denied = () => false,
}: Scene = {}): ExchangeDeps {
  const config = configWith(rules, targets);
  const [current = KEY] = keys;
  return {
    config,
    rules: indexRules(rules, config.targets, 60),
    identify: async () => person,
    admit: async (whom) => {
      if (denied(whom)) throw new OAuthError('subject_token_denied');
    },
    ringOf: () => ({ get: async () => ({ current: TOKEN_KEY, readAt: now }) }),
    streamKeys: {
      rules: indexStreamKeyRules(rules, config.targets, 60),
      ring: { get: async () => ({ current, readAt: now }) },
      async read(text) {
        const key = await verifyStreamKey(text, keys, now);
        if (key === undefined) throw new OAuthError('stream_key_invalid');
        return key;
      },
    },
    now: () => now,
    newId: () => '0b0c5a4e-4a53-4f0e-9d2b-8f6a5c1f7c11',
  };
}

const form = { subjectToken: 'x', subjectTokenType: 'id_token', requestedTokenType: TOKEN_TYPE_JWT } as const;

/** Asks for a stream key. */
export function makeKey(changes: Partial<TokenRequest>, scene: Scene = {}): Promise<ExchangeOutcome> {
  const request: TokenRequest = {
    ...form,
    audiences: ['live'],
    ...changes,
    requestedTokenType: TOKEN_TYPE_STREAM_KEY,
  };
  return exchangeRequest(request, depsOf(scene));
}

/** Exchanges a stream key for a token. */
export function useKey(
  key: string,
  changes: Partial<TokenRequest> = {},
  scene: Scene = {},
): Promise<ExchangeOutcome> {
  const request: TokenRequest = { ...form, audiences: ['live'], ...changes, subjectToken: key };
  return exchangeRequest({ ...request, subjectTokenType: 'stream_key' }, depsOf(scene));
}

/** The token or key that was issued. */
export function issuedBy(outcome: ExchangeOutcome): string {
  if (!outcome.issued) throw outcome.error;
  return outcome.response.access_token;
}

/** `issued`, or the reason why not. */
export function reasonOf(outcome: ExchangeOutcome): string {
  return outcome.issued ? 'issued' : outcome.error.reason;
}
