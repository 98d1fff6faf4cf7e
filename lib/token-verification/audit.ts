import { embeddedMetrics, type Line, type MetricsDirective } from '../metrics.ts';
import type { Reason } from '../oauth/reasons.ts';
import type { Question } from './callback.ts';
import type { Problem } from './verifier.ts';
import type { VerifiedToken } from './verify-token.ts';

/** How a decision on a streaming token came about: all that a log line may hold. */
export interface VerificationFacts {
  /** Which callback was asked, or `authorizer`. */
  readonly callback: string;
  /** Why not; absent if the answer was yes. */
  readonly problem?: Problem | Reason | 'caller_unknown' | 'ends_within_cache';
  /** Set if there was no decision, because the keys or a table could not be read. */
  readonly unavailable?: true;
  /** What was asked. */
  readonly question?: Question;
  /** The token, if it is one of ours, whatever became of it. */
  readonly token?: VerifiedToken;
  /** A stream that has ended; `seconds` is how long it lasted, if that is known. */
  readonly ended?: { readonly seconds?: number };
}

/** Where the question came from. */
export interface QuestionOrigin {
  readonly requestId: string | undefined;
  readonly sourceIp: string | undefined;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
}

/**
 * The line that a decision on a streaming token leaves: who wanted to do what where, why not, and its metrics in
 * CloudWatch's embedded metric format. It has the members of `/token`'s audit lines, so that one query reads both, and is
 * made of named facts alone, so no token can get into it.
 */
export function verificationLine(facts: VerificationFacts, origin: QuestionOrigin): Line {
  const { callback, problem, unavailable, ended } = facts;
  return {
    ...(ended === undefined && metricsOf(facts, origin.timestampMs)),
    event: eventOf(facts),
    callback,
    reason: problem,
    ...(unavailable && { unavailable }),
    ...describeToken(facts.token),
    ...describeQuestion(facts.question),
    ...(ended?.seconds !== undefined && { seconds: ended.seconds }),
    request_id: origin.requestId,
    source_ip: origin.sourceIp,
  };
}

function eventOf({ callback, problem, ended }: VerificationFacts): string {
  if (ended !== undefined) return 'stream.ended';
  const part = callback === 'authorizer' ? 'authorizer' : 'callback';
  return `${part}.${problem === undefined ? 'allowed' : 'denied'}`;
}

/** A refusal counts as a holder's if the token was one of ours: anyone can show a server anything else. */
function metricsOf({ problem, unavailable, token }: VerificationFacts, timestampMs: number): Line {
  const [name, by] =
    problem === undefined
      ? ['CallbacksAllowed', [['callback'], []]]
      : unavailable
        ? ['CallbacksUnavailable', [['callback'], []]]
        : ['CallbacksDenied', [['callback', 'reason'], ['reason']]];
  const ofHolder = name === 'CallbacksDenied' && token !== undefined;
  const directives: readonly MetricsDirective[] = [
    { by, units: { [name]: 'Count' } },
    ...(ofHolder ? [{ by: [[]], units: { HoldersDenied: 'Count' } } as const] : []),
  ];
  return {
    ...embeddedMetrics(timestampMs, ...directives),
    [name]: 1,
    ...(ofHolder && { HoldersDenied: 1 }),
  };
}

/** What identifies a token, but nothing that it could be rebuilt from. */
function describeToken(token: VerifiedToken | undefined): Line {
  if (token === undefined) return {};
  const { targetName, grant, claims, kid, expiresAt, person } = token;
  return {
    target: targetName,
    // The user as this target sees them; `person` is the same for every target.
    sub: grant.subject,
    person,
    session: grant.session,
    jti: claims['jti'],
    kid,
    expires_at: expiresAt,
  };
}

function describeQuestion(question: Question | undefined): Line {
  if (question === undefined) return {};
  const { action, room, stream, clientIp } = question;
  return { action, room, stream, client_ip: clientIp };
}
