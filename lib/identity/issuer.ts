import type { JsonObject } from '../jws/compact.ts';

/** What a provider's token says it is; the last part of RFC 8693 §3's token type identifiers. */
export type TokenKind = 'id_token' | 'access_token';

/**
 * One configured OpenID provider and what its tokens look like. The functions are pure and total: they read a verified
 * header and claims set, in which any claim may be missing or of any JSON type.
 */
export interface Issuer {
  /** The preset that made it, for messages. */
  readonly preset: string;
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** The client ids or API identifiers that its tokens must be meant for; one is enough. */
  readonly audience: readonly string[];
  /** Where its keys are, where that is known without discovery (OpenID Connect Discovery 1.0 §4). */
  readonly jwksUri?: string;
  /** Which of its tokens may be exchanged. */
  readonly exchanges: readonly TokenKind[];
  /** What is wrong with the options it was made of: field name and one line each. */
  readonly problems: readonly { readonly field: string; readonly problem: string }[];
  /** What the provider says this token is; `undefined` where it is neither. */
  kindOf(header: JsonObject, claims: JsonObject): TokenKind | undefined;
  /** The claim that holds the audience of a token of this kind. */
  audienceClaim(kind: TokenKind): 'aud' | 'client_id';
  /** The groups of the person, as this provider spells them. */
  groupsOf(claims: JsonObject): readonly string[];
  /** Why a token that is otherwise good is not accepted: a reason of `oauth/reasons.ts`. */
  refuses?(claims: JsonObject): 'subject_token_groups_overage' | 'subject_token_wrong_tenant' | undefined;
}
