import type { HeldSettings } from './server-rules.ts';
import { LuaError } from './lua-values.ts';

/** The host's options that concern tokens. */
export interface JitsiServer extends HeldSettings {
  readonly domain: string;
  readonly acceptedIssuers: readonly string[];
  readonly acceptedAudiences: readonly string[];
  readonly signatureAlgorithm: string;
  readonly allowEmptyToken: boolean;
  readonly verifyDomain: boolean;
  readonly requireRoomClaim: boolean;
}

/** The values that a login keeps in the session for the join: JSON values as the token held them. */
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

/** Prosody's answer to a login: a session, or a refusal. */
export type JitsiLogin = { readonly ok: true; readonly session: JitsiSession } | JitsiRefusal;

/** A join that worked, with the affiliation that mod_token_affiliation gives to the user. */
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

/** Prosody only logs an error inside a module: the client gets no answer. */
export function orSilence<Outcome>(check: () => Outcome): Outcome | JitsiRefusal {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return { ...refuse(`no answer: the server's module failed (${error.message})`), neverAnswers: true };
  }
}
