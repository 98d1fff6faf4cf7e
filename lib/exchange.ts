/**
 * POST /token, the whole story: form → subject token → target → grant → ring → token. Each step either gives the next one
 * what it needs or throws the `OAuthError` that the client is answered with.
 */

import type { Config } from './config/config.ts';
import { decideGrant } from './grants/decide-grant.ts';
import { matchRules } from './grants/match-rules.ts';
import type { RuleIndex } from './grants/match-rules.ts';
import { parseTokenRequest } from './http/parse-token-request.ts';
import { readForTarget } from './http/read-for-target.ts';
import type { ApiGatewayEvent } from './http/api-gateway-event.ts';
import type { Identity } from './identity/identity.ts';
import { issueToken } from './issue-token.ts';
import { OAuthError } from './oauth/oauth-error.ts';
import { TOKEN_TYPE_JWT } from './oauth/token-exchange.ts';
import type { SubjectTokenType, TokenResponse } from './oauth/token-exchange.ts';
import type { NewId, Now } from './ports.ts';
import type { KeyRing } from './ring/key-ring.ts';
import type { Grant, Target } from './targets/target.ts';

/** What an exchange needs of the outside. */
export interface ExchangeDeps {
  readonly config: Config;
  readonly rules: RuleIndex;
  /** Whom a subject token vouches for; throws an `OAuthError` where it is not good. */
  readonly identify: (subjectToken: string, type: SubjectTokenType) => Promise<Identity>;
  /** Throws an `OAuthError` where this person may get nothing, or nothing more for now. */
  readonly admit: (identity: Identity) => Promise<void>;
  /** The ring of a configured target. */
  readonly ringOf: (targetName: string) => KeyRing;
  readonly now: Now;
  readonly newId: NewId;
}

/** What is known of an exchange when it ends: all that an audit line may hold. */
export interface ExchangeFacts {
  issuer?: string;
  subject?: string;
  target?: string;
  grant?: Grant;
  expiresAt?: number;
  jti?: string;
  kid?: string;
  session?: string;
  ringAgeSeconds?: number;
}

/** How an exchange ended. */
export type ExchangeOutcome =
  | { readonly issued: true; readonly response: TokenResponse; readonly facts: ExchangeFacts }
  | { readonly issued: false; readonly error: OAuthError; readonly facts: ExchangeFacts };

/** Part of a token's lifetime after which a client should renew it. */
const REFRESH_SHARE = 0.6;

/** Exchanges a subject token for a streaming token. Every input has an outcome; only a defect of ours rejects. */
export async function exchange(event: ApiGatewayEvent, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  const facts: ExchangeFacts = {};
  try {
    const request = parseTokenRequest(event);

    const identity = await deps.identify(request.subjectToken, request.subjectTokenType);
    facts.issuer = identity.issuer;
    facts.subject = identity.subject;
    await deps.admit(identity);

    const target = selectTarget(deps.config, request.audience);
    facts.target = request.audience;
    const wanted = readForTarget(request, target);

    const matching = matchRules(deps.rules, request.audience, identity, deps.now());
    const decision = decideGrant(matching, target, identity, wanted, deps.now());
    if (!decision.granted) throw new OAuthError(decision.reason);
    const { grant } = decision;
    facts.grant = grant;

    const ring = await deps.ringOf(request.audience).get();
    const session = wanted.session ?? deps.newId();
    const issued = issueToken(target, request.audience, grant, identity, ring, {
      now: deps.now(),
      jti: deps.newId(),
      session,
      transportsNamed: wanted.transports !== undefined,
    });
    facts.expiresAt = issued.expiresAt;
    facts.jti = issued.jti;
    facts.kid = issued.kid;
    facts.ringAgeSeconds = issued.issuedAt - ring.readAt;
    if (target.takesSession) facts.session = session;

    const response: TokenResponse = {
      access_token: issued.token,
      issued_token_type: TOKEN_TYPE_JWT,
      token_type: 'N_A',
      expires_in: grant.ttlSeconds,
      scope: grant.actions.join(' '),
      refresh_in: Math.max(1, Math.floor(grant.ttlSeconds * REFRESH_SHARE)),
      ...(issued.fallback !== undefined && { fallback_token: issued.fallback }),
    };
    return { issued: true, response, facts };
  } catch (error) {
    if (error instanceof OAuthError) return { issued: false, error, facts };
    throw error;
  }
}

function selectTarget(config: Config, audience: string): Target {
  const target = Object.hasOwn(config.targets, audience) ? config.targets[audience] : undefined;
  if (target === undefined) throw new OAuthError('target_unknown');
  return target;
}
