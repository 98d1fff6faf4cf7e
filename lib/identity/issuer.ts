import type * as v from 'valibot';
import type { JsonObject } from '../jws/compact.ts';
import type { GroupSource } from './groups.ts';
import { checkOptions, type OptionProblem } from '../options/check-options.ts';
import type { Services } from './service-token.ts';

/** What a provider's token says it is; the last part of RFC 8693 §3's token type identifiers. */
export type TokenKind = 'id_token' | 'access_token';

/**
 * One configured OpenID provider and what its tokens look like. The functions are pure and total: they read a verified
 * header and claims set, in which any claim may be missing or of any JSON type.
 */
export interface Issuer {
  /** The preset that made it, for messages. */
  readonly preset: string;
  /** The exact `iss` of its tokens: the name that rules and the deny list know it by. */
  readonly issuer: string;
  /** Other spellings of `iss` in tokens of the same provider. */
  readonly alsoIssuers: readonly string[];
  /** The client ids or API identifiers that its tokens must be meant for; one is enough. */
  readonly audience: readonly string[];
  /** Where its keys are, in one place or several; empty if discovery finds them (OpenID Connect Discovery 1.0 §4). */
  readonly jwksUris: readonly string[];
  /** Which of its tokens may be exchanged. */
  readonly exchanges: readonly TokenKind[];
  /** Its services that may exchange their own tokens; left out, none. */
  readonly services?: Services;
  /** Where its tokens say which groups a user is in; empty if nobody has a group. */
  readonly groupSources: readonly GroupSource[];
  /** What is wrong with the options that it was made of; an issuer with problems is never used. */
  readonly problems: readonly OptionProblem[];
  /** What the provider says this token is; `undefined` where it is neither. */
  kindOf(header: JsonObject, claims: JsonObject): TokenKind | undefined;
  /** The claim that holds the audience of a token of this kind. */
  audienceClaim(kind: TokenKind): 'aud' | 'client_id';
  /** A mark of its own that a token stands for a service, beside those of `isServiceToken`. */
  isService?(claims: JsonObject): boolean;
  /** Why a token that is otherwise good is not accepted: a reason of `oauth/reasons.ts`. */
  refuses?(claims: JsonObject): 'subject_token_groups_overage' | 'subject_token_wrong_tenant' | undefined;
}

/**
 * The function that configures a provider. It checks its options and never throws: an issuer whose options are wrong
 * carries the problems, which the check of the whole configuration reports.
 */
export function defineIssuer<Options>(
  preset: string,
  schema: v.GenericSchema<unknown, Options>,
  build: (options: Options) => Omit<Issuer, 'preset' | 'problems'>,
): (options: Options) => Issuer {
  return (given) => {
    const checked = checkOptions(schema, given);
    if (!checked.ok) return { ...UNUSABLE, preset, problems: checked.problems };
    const made = build(checked.options);
    // Else another program of the machine could speak for a provider elsewhere.
    const isDowngraded =
      made.issuer.startsWith('https:') && made.jwksUris.some((uri) => uri.startsWith('http:'));
    return isDowngraded
      ? { ...UNUSABLE, preset, problems: [{ path: 'jwksUri', problem: 'must be an https address' }] }
      : { ...made, preset, problems: [] };
  };
}

/** Stands for an issuer whose options are wrong: none of its tokens may be exchanged. */
const UNUSABLE: Omit<Issuer, 'preset' | 'problems'> = {
  issuer: '',
  alsoIssuers: [],
  jwksUris: [],
  audience: [],
  exchanges: [],
  kindOf: () => undefined,
  audienceClaim: () => 'aud',
  groupSources: [],
};

/** Issuers, and whatever belongs to each, by every `iss` that their tokens may have. */
export function byIss<Entry extends { readonly issuer: Issuer }>(
  entries: readonly Entry[],
): ReadonlyMap<string, Entry> {
  return new Map(
    entries.flatMap((entry) =>
      [entry.issuer.issuer, ...entry.issuer.alsoIssuers].map((iss) => [iss, entry] as const),
    ),
  );
}
