import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createAdmission } from '../../lib/admission/admission.ts';
import type { Config } from '../../lib/config/config.ts';
import type { ApiGatewayEvent } from '../../lib/api-gateway/event.ts';
import { auditLines } from '../../lib/exchange/audit.ts';
import type { RequestOrigin } from '../../lib/exchange/audit.ts';
import { exchangeRequest } from '../../lib/exchange/exchange.ts';
import type { ExchangeDeps, ExchangeOutcome } from '../../lib/exchange/exchange.ts';
import type { TokenRequest } from '../../lib/exchange/parse-token-request.ts';
import { tokenResponse } from '../../lib/exchange/token-response.ts';
import { identify } from '../../lib/identity/identify.ts';
import { createIssuerKeys } from '../../lib/identity/issuer-keys.ts';
import { byIss } from '../../lib/identity/issuer.ts';
import { oidc } from '../../lib/identity/presets/oidc.ts';
import { createVerifiedTokens } from '../../lib/identity/verified-tokens.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { newRandomId, systemNow, within } from '../../lib/node/system.ts';
import { TOKEN_EXCHANGE_GRANT, TOKEN_TYPE_JWT } from '../../lib/oauth/token-exchange.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import type { Configured } from './configured.ts';
import { hasWholeCpu } from './start.ts';

/** The provider's address: a domain that never exists (RFC 6761 §6.4). */
const ISSUER = 'https://warm-up.invalid';
/** The name of its key, user, group and client, and of the requested room. */
const NAME = 'warm-up';
/** The lifetime of its sign-in and of its token, in seconds. */
const LIFETIME = 60;

type Env = Readonly<Record<string, string | undefined>>;

/** The origin of a made-up request, for its audit line. */
export const NOWHERE: Omit<RequestOrigin, 'timestampMs'> = {
  requestId: undefined,
  sourceIp: undefined,
  coldStart: true,
  latencyMs: 0,
};

/**
 * One exchange while a function starts, so that Node has compiled all of it when the first request comes: Lambda gives a start
 * a whole CPU, but gives a request only the share that belongs to its memory.
 *
 * Only the first target is real. The provider, its key, the user's sign-in, the rule and the secret are made here and thrown
 * away with the token. It logs nothing and calls no other service.
 *
 * @param run makes the exchange and its answer · default: without reading a form
 * @returns the result of `run`, for tests; `undefined` if the exchange would only delay the first answer, or if the
 * configuration is not sound or has no provider or no target. Never rejects.
 */
export async function warmUp(
  { config, problems }: Configured,
  env: Env,
  run: (request: TokenRequest, deps: ExchangeDeps) => Promise<unknown> = exchangeAndTell,
): Promise<unknown> {
  if (hasWholeCpu(env)) return undefined;
  const [first] = Object.entries(config.targets);
  if (problems.length > 0 || first === undefined || config.issuers.length === 0) return undefined;
  const [audience, target] = first;
  const [action = ''] = target.actions;
  const companion = target.needs?.[action];
  const scope = companion === undefined ? [action] : [action, companion];
  const rule = { target: audience, group: NAME, actions: scope, rooms: ['*'], ttl: LIFETIME };
  try {
    const { subjectToken, jwk } = newSignIn();
    const request: TokenRequest = {
      subjectToken,
      subjectTokenType: 'id_token',
      audiences: [audience],
      scope,
      rooms: [NAME],
      requestedTokenType: TOKEN_TYPE_JWT,
    };
    return await run(request, depsOf(config, rule, jwk));
  } catch {
    return undefined;
  }
}

async function exchangeAndTell(request: TokenRequest, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  const outcome = await exchangeRequest(request, deps);
  const lines = auditLines(outcome, { ...NOWHERE, timestampMs: Date.now() });
  JSON.stringify([lines, outcome.issued && tokenResponse(outcome.response), process.stdout.writable]);
  return outcome;
}

/** The same request as an event of API Gateway. */
export function toFormEvent({
  subjectToken,
  audiences,
  scope = [],
  rooms = [],
}: TokenRequest): ApiGatewayEvent {
  const form = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    audience: audiences.join(),
    scope: scope.join(' '),
    room: rooms.join(' '),
  });
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()).toString('base64'),
    isBase64Encoded: true,
  };
}

/** A sign-in of the user, and the public half of the key that signed it. */
function newSignIn(): { readonly subjectToken: string; readonly jwk: object } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Math.floor(systemNow());
  const claims = {
    iss: ISSUER,
    sub: NAME,
    aud: NAME,
    iat: now,
    exp: now + LIFETIME,
    sid: NAME,
    groups: [NAME],
  };
  const input = [{ alg: 'ES256', kid: NAME }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    subjectToken: `${input}.${signature.toString('base64url')}`,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: NAME, alg: 'ES256', use: 'sig' },
  };
}

function depsOf(config: Config, rule: Rule, jwk: object): ExchangeDeps {
  const { clockSkew } = config.timing;
  const issuer = oidc({ issuer: ISSUER, audience: NAME, jwksUri: `${ISSUER}/jwks` });
  const keys = createIssuerKeys({
    issuer,
    getJson: () => Promise.resolve({ keys: [jwk] }),
    now: systemNow,
    within,
    onProblem: () => undefined,
  });
  const identifyDeps = {
    issuers: byIss([{ issuer, keys }]),
    verified: createVerifiedTokens(2 ** 16),
    now: systemNow,
    clockSkew,
  };
  const current = { alg: 'HS256', kid: NAME, key: hmacKey(randomUUID()) } as const;
  const { tokensPerMinute } = config;
  return {
    config,
    rules: indexRules([rule], config.targets, clockSkew),
    identify: (subjectToken, type) => identify(subjectToken, type, identifyDeps),
    admit: createAdmission({ deny: {}, tokensPerMinute, now: systemNow, within }).admit,
    ringOf: () => ({ get: () => Promise.resolve({ current, readAt: systemNow() }) }),
    now: systemNow,
    newId: newRandomId,
  };
}
