import type { HeldSettings } from './server-rules.ts';
import { LuaError } from './lua-values.ts';

/** What the host's options say about tokens. */
export interface JitsiServer extends HeldSettings {
  readonly domain: string;
  readonly acceptedIssuers: readonly string[];
  readonly acceptedAudiences: readonly string[];
  readonly signatureAlgorithm: string;
  readonly allowEmptyToken: boolean;
  readonly verifyDomain: boolean;
  readonly requireRoomClaim: boolean;
}

/** What a login leaves on the session, for the join to look at; JSON values as the token held them. */
export interface JitsiSession {
  readonly room: unknown;
  readonly domain: unknown;
  readonly user: unknown;
  /** False for somebody let in without a token. */
  readonly hasToken: boolean;
}

/** A refusal with the element that carries it. */
export interface JitsiRefusal {
  readonly ok: false;
  readonly condition: 'not-allowed' | 'not-authorized';
  readonly reason: string;
  /** The element in Jitsi's own namespace beside the text of a refused join, where there is one. */
  readonly jitsiCondition?: string;
  readonly neverAnswers?: true;
}

/** What Prosody answers to a login: a session, or why there is none. */
export type JitsiLogin = { readonly ok: true; readonly session: JitsiSession } | JitsiRefusal;

/** A join that worked: what mod_token_affiliation makes of the person. */
export type JitsiJoin =
  { readonly ok: true; readonly moderator: boolean; readonly user: string | null } | JitsiRefusal;

/** A refusal with its condition. */
export function refuse(
  reason: string,
  condition: JitsiRefusal['condition'] = 'not-allowed',
  jitsiCondition?: string,
): JitsiRefusal {
  return { ok: false, condition, reason, ...(jitsiCondition !== undefined && { jitsiCondition }) };
}

/** An error inside a Prosody module ends in its log: the client hears nothing. */
export function orSilence<Outcome>(check: () => Outcome): Outcome | JitsiRefusal {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return { ...refuse(`no answer: the server's module failed (${error.message})`), neverAnswers: true };
  }
}
