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
import { toTokenResponse, type TargetToken } from './token-response.ts';
import type { ApiGatewayEvent } from '../api-gateway/event.ts';
import type { Identity } from '../identity/identity.ts';
import { issueToken } from './issue-token.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { TOKEN_TYPE_STREAM_KEY } from '../oauth/token-exchange.ts';
import type { SubjectTokenType, TokenResponse } from '../oauth/token-exchange.ts';
import type { NewId, Now } from '../ports.ts';
import type { KeyRing } from '../signing-keys/key-ring.ts';
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
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  readonly target?: string | undefined;
  readonly grant?: Grant | undefined;
  /** Paths of the rules that the grant rests on. */
  readonly rules?: readonly string[] | undefined;
  readonly expiresAt?: number | undefined;
  readonly jti?: string | undefined;
  readonly kid?: string | undefined;
  readonly session?: string | undefined;
  readonly ringAgeSeconds?: number | undefined;
}

/** A target's token and what is told about it. */
interface Issued extends TargetToken {
  readonly facts: ExchangeFacts;
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

/** One target's part of an exchange, as far as it came. */
interface Part {
  readonly name: string;
  readonly target: Target;
  readonly grant?: Grant;
  readonly rules?: readonly string[];
}

/** The same from a request that is already read. */
export async function exchangeRequest(request: TokenRequest, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  // Targets that know no sessions look at none, so that a malformed one is not a reason to refuse their tokens.
  const named =
    request.session !== undefined && ROOM_NAME.test(request.session) ? request.session : undefined;
  /** Whose exchange it is, and the part at hand: what is told where it ends here. */
  let identity: Identity | undefined;
  let at: Part | undefined;
  try {
    const key = request.subjectTokenType === 'stream_key' ? await readStreamKey(request, deps) : undefined;
    const owner = key?.owner ?? (await deps.identify(request.subjectToken, request.subjectTokenType));
    identity = owner;
    await deps.admit(whomOf(owner, request.session));

    const targets = selectTargets(deps.config, request.audiences);
    const asked = targets.map((part) => {
      at = part;
      const { name, target } = part;
      const others = targets.map((other) => other.target);
      const own = others.length > 1 ? withScopeOf(target, others, request) : request;
      const within = key === undefined ? own : withinStreamKey(own, name, key, target.foldsRoomCase);
      return { name, target, wanted: readForTarget(within, target) };
    });

    // The tokens begin when they are granted: a lifetime that ends with the sign-in ends there, however long the rings take.
    const now = deps.now();
    const granted = asked.map((part) => {
      at = part;
      const { name, target, wanted } = part;
      const decision = decideByRules(deps.rules, name, target, owner, wanted, now);
      if (!decision.granted) throw new OAuthError(decision.reason);
      const { rulesOf } = decision;
      const grant = endingBy(key?.expiresAt, decision.grant, now);
      return { name, target, wanted, grant, rulesOf, rules: rulesOf(grant) };
    });

    const [one, ...others] = granted;
    if (one === undefined) throw new OAuthError('target_unknown');
    if (request.requestedTokenType === TOKEN_TYPE_STREAM_KEY) {
      if (others.length > 0) throw new OAuthError('stream_key_place');
      if (deps.streamKeys === undefined) throw new OAuthError('stream_key_not_allowed');
      const { name, target, wanted } = one;
      const made = decideStreamKey(
        deps.streamKeys.rules,
        { targetName: name, target, owner, wanted, stream: request.stream },
        deps.newId(),
        now,
      );
      const ring = await deps.streamKeys.ring.get();
      const response = await toStreamKeyResponse(made, ring);
      const keyFacts = { jti: made.id, kid: ring.current.kid, expiresAt: made.expiresAt };
      return { issued: true, response, facts: { ...factsOf(owner, named, one), ...keyFacts }, further: [] };
    }

    const session = named ?? deps.newId();
    const issue = async (part: (typeof granted)[number]): Promise<Issued> => {
      try {
        const { name, target, wanted, rulesOf } = part;
        const ring = await deps.ringOf(name).get();
        const token = await issueToken(target, name, part.grant, owner, ring, {
          now,
          jti: deps.newId(),
          session,
          sessionNamed: named !== undefined,
          transportsNamed: wanted.transports !== undefined,
        });
        const { grant, expiresAt, jti, kid, issuedAt } = token;
        const facts: ExchangeFacts = {
          issuer: owner.issuer,
          subject: owner.subject,
          target: name,
          grant,
          rules: grant === part.grant ? part.rules : rulesOf(grant),
          expiresAt,
          jti,
          kid,
          session,
          ringAgeSeconds: Math.max(0, issuedAt - ring.readAt),
        };
        return { name, token, facts };
      } catch (error) {
        at = part;
        throw error;
      }
    };
    // Nearly every request names one target, and to wait for a list of one costs as much as its decision.
    const [first, further] =
      others.length === 0
        ? [await issue(one), []]
        : await Promise.all([issue(one), Promise.all(others.map(issue))]);
    return {
      issued: true,
      response: toTokenResponse(first, further, session, request.requestedTokenType),
      facts: first.facts,
      further: further.map(({ facts }) => facts),
    };
  } catch (error) {
    if (error instanceof OAuthError) return { issued: false, error, facts: factsOf(identity, named, at) };
    throw error;
  }
}

/** What is told of an exchange that issued no token. */
function factsOf(
  identity: Identity | undefined,
  session: string | undefined,
  part: Part | undefined,
): ExchangeFacts {
  return {
    issuer: identity?.issuer,
    subject: identity?.subject,
    target: part?.name,
    grant: part?.grant,
    rules: part?.rules,
    session,
  };
}

/** A token that was made with a stream key ends with it. */
function endingBy(expiresAt: number | undefined, grant: Grant, now: number): Grant {
  if (expiresAt === undefined || now + grant.ttlSeconds <= expiresAt) return grant;
  return { ...grant, ttlSeconds: Math.max(1, Math.floor(expiresAt - now)) };
}

async function readStreamKey(request: TokenRequest, { streamKeys }: ExchangeDeps): Promise<StreamKey> {
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
