/**
 * POST /token, the whole story: form → subject token → targets → grants → rings → tokens. Each step either returns what the
 * next one needs or throws the `OAuthError` that becomes the answer. A request may name several targets: each
 * step is then taken for all of them before the next, and one refusal refuses the request.
 */

import { whomOf } from '../admission/for-whom.ts';
import type { Whom } from '../admission/deny-rows.ts';
import type { Config } from '../config/config.ts';
import { decideByRules } from '../policy/decide-by-rules.ts';
import type { RuleIndex } from '../policy/match-rules.ts';
import { decideStreamKey, toStreamKeyResponse } from './make-stream-key.ts';
import { parseTokenRequest, type TokenRequest } from './parse-token-request.ts';
import { readForTarget } from './read-for-target.ts';
import { withScopeOf } from './scope-of-target.ts';
import { toTokenResponse } from './token-response.ts';
import type { ApiGatewayEvent } from '../api-gateway/event.ts';
import type { Identity } from '../identity/identity.ts';
import { issueToken } from './issue-token.ts';
import type { IssuedToken } from './issue-token.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { TOKEN_TYPE_STREAM_KEY } from '../oauth/token-exchange.ts';
import type { SubjectTokenType, TokenResponse } from '../oauth/token-exchange.ts';
import type { NewId, Now } from '../ports.ts';
import type { KeyRing, SigningRing } from '../signing-keys/key-ring.ts';
import type { Target } from '../media-servers/target.ts';
import type { Grant } from '../policy/grant.ts';
import type { StreamKey } from '../stream-keys/stream-key.ts';
import { ROOM_NAME } from '../policy/room.ts';
import { withinStreamKey } from '../stream-keys/within-stream-key.ts';

/** The dependencies of an exchange. */
export interface ExchangeDeps {
  readonly config: Config;
  readonly rules: RuleIndex;
  /** The user or service of a subject token; throws an `OAuthError` if the token is not valid. */
  readonly identify: (subjectToken: string, type: SubjectTokenType) => Promise<Identity>;
  /** Throws an `OAuthError` if this user is denied, or asks for too many tokens. */
  readonly admit: (whom: Whom) => Promise<void>;
  /** The ring of a configured target. */
  readonly ringOf: (targetName: string) => KeyRing;
  /** Absent if no rule allows stream keys. */
  readonly streamKeys?: StreamKeyDeps;
  readonly now: Now;
  readonly newId: NewId;
}

/** What stream keys need. */
export interface StreamKeyDeps {
  /** The rules that allow them. */
  readonly rules: RuleIndex;
  readonly ring: KeyRing;
  /** Throws an `OAuthError` if this is not a good stream key. */
  readonly read: (text: string) => Promise<StreamKey>;
}

/** What is known about one target's part of an exchange at its end. An audit line holds nothing else. */
export interface ExchangeFacts {
  readonly issuer?: string;
  readonly subject?: string;
  readonly target?: string;
  readonly grant?: Grant;
  /** Paths of the rules that the grant rests on. */
  readonly rules?: readonly string[];
  readonly expiresAt?: number;
  readonly jti?: string;
  readonly kid?: string;
  readonly session?: string;
  readonly ringAgeSeconds?: number;
}

/** How an exchange ended. */
export type ExchangeOutcome =
  | {
      readonly issued: true;
      readonly response: TokenResponse;
      readonly facts: ExchangeFacts;
      /** The tokens after the first, if several targets were named. */
      readonly further: readonly ExchangeFacts[];
    }
  | { readonly issued: false; readonly error: OAuthError; readonly facts: ExchangeFacts };

/** Exchanges a subject token for a streaming token. Every input has an outcome; only a defect of ours rejects. */
export async function exchange(event: ApiGatewayEvent, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  try {
    return await exchangeRequest(parseTokenRequest(event), deps);
  } catch (error) {
    if (error instanceof OAuthError) return { issued: false, error, facts: {} };
    throw error;
  }
}

/** The same from a request that is already read. */
export async function exchangeRequest(request: TokenRequest, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  /** Of the target at hand: what is told where it ends here. */
  let facts: ExchangeFacts = {};
  try {
    // Targets that know no sessions look at none, so that a malformed one is no reason to refuse their tokens.
    const named =
      request.session !== undefined && ROOM_NAME.test(request.session) ? request.session : undefined;
    if (named !== undefined) facts = { session: named };
    const key = await readStreamKey(request, deps);
    const identity = key?.owner ?? (await deps.identify(request.subjectToken, request.subjectTokenType));
    const person: ExchangeFacts = { ...facts, issuer: identity.issuer, subject: identity.subject };
    facts = person;
    await deps.admit(whomOf(identity, request.session));

    const targets = selectTargets(deps.config, request.audiences);
    const several = targets.length > 1;
    const asked = targets.map(({ name, target }) => {
      facts = { ...person, target: name };
      const others = targets.map((other) => other.target);
      const own = several ? withScopeOf(target, others, request) : request;
      const within = key === undefined ? own : withinStreamKey(own, name, key, target.foldsRoomCase);
      return { name, target, facts, wanted: readForTarget(within, target) };
    });

    // The tokens begin when they are granted: a lifetime that ends with the sign-in ends there, however long the rings take.
    const grantedAt = deps.now();
    const granted = asked.map((one) => {
      facts = one.facts;
      const decision = decideByRules(deps.rules, one.name, one.target, identity, one.wanted, grantedAt);
      if (!decision.granted) throw new OAuthError(decision.reason);
      const { rulesOf } = decision;
      const grant = endingBy(key?.expiresAt, decision.grant, grantedAt);
      return { ...one, grant, rulesOf, facts: { ...facts, grant, rules: rulesOf(grant) } };
    });

    if (request.requestedTokenType === TOKEN_TYPE_STREAM_KEY) {
      const [one, ...more] = granted;
      if (one === undefined || more.length > 0) throw new OAuthError('stream_key_place');
      if (deps.streamKeys === undefined) throw new OAuthError('stream_key_not_allowed');
      const made = decideStreamKey(
        deps.streamKeys.rules,
        {
          targetName: one.name,
          target: one.target,
          owner: identity,
          wanted: one.wanted,
          stream: request.stream,
        },
        deps.newId(),
        grantedAt,
      );
      const ring = await deps.streamKeys.ring.get();
      const response = await toStreamKeyResponse(made, ring);
      const keyFacts = { jti: made.id, kid: ring.current.kid, expiresAt: made.expiresAt };
      return { issued: true, response, facts: { ...one.facts, ...keyFacts }, further: [] };
    }

    const ready = await Promise.all(
      granted.map(async (one) => {
        try {
          return { ...one, ring: await deps.ringOf(one.name).get() };
        } catch (error) {
          facts = one.facts;
          throw error;
        }
      }),
    );

    const session = named ?? deps.newId();
    const issued = await Promise.all(
      ready.map(async (one) => {
        try {
          const token = await issueToken(one.target, one.name, one.grant, identity, one.ring, {
            now: grantedAt,
            jti: deps.newId(),
            session,
            sessionNamed: named !== undefined,
            transportsNamed: one.wanted.transports !== undefined,
          });
          const tokenFacts = factsOf(token, one.ring, session);
          const { grant } = token;
          const rules = grant === one.grant ? one.facts.rules : one.rulesOf(grant);
          return { name: one.name, token, facts: { ...one.facts, grant, rules, ...tokenFacts } };
        } catch (error) {
          facts = one.facts;
          throw error;
        }
      }),
    );

    const [first, ...further] = issued;
    if (first === undefined) throw new OAuthError('target_unknown');
    return {
      issued: true,
      response: toTokenResponse(first, further, session, request.requestedTokenType),
      facts: first.facts,
      further: further.map((one) => one.facts),
    };
  } catch (error) {
    if (error instanceof OAuthError) return { issued: false, error, facts };
    throw error;
  }
}

/** A token that was made with a stream key ends with it. */
function endingBy(expiresAt: number | undefined, grant: Grant, now: number): Grant {
  if (expiresAt === undefined || now + grant.ttlSeconds <= expiresAt) return grant;
  return { ...grant, ttlSeconds: Math.max(1, Math.floor(expiresAt - now)) };
}

async function readStreamKey(
  request: TokenRequest,
  { streamKeys }: ExchangeDeps,
): Promise<StreamKey | undefined> {
  if (request.subjectTokenType !== 'stream_key') return undefined;
  if (streamKeys === undefined) throw new OAuthError('stream_key_invalid');
  return streamKeys.read(request.subjectToken);
}

function selectTargets(
  config: Config,
  names: readonly string[],
): readonly { readonly name: string; readonly target: Target }[] {
  return names.map((name) => {
    const target = Object.hasOwn(config.targets, name) ? config.targets[name] : undefined;
    if (target === undefined) throw new OAuthError('target_unknown');
    return { name, target };
  });
}

function factsOf(token: IssuedToken, ring: SigningRing, session: string): ExchangeFacts {
  const { expiresAt, jti, kid, issuedAt } = token;
  const ringAgeSeconds = Math.max(0, issuedAt - ring.readAt);
  return { expiresAt, jti, kid, ringAgeSeconds, session };
}
