import type { Identity } from '../identity/identity.ts';
import type { Caps } from './caps.ts';
import type { Transport } from './grant.ts';

/** Conditions on an identity; all that are given must hold. */
export interface Who {
  /** `service`: only services, with tokens of their own (client credentials). Left out: only users. */
  readonly subject?: 'service';
  /** A group that the user must be in, compared exactly. */
  readonly group?: string;
  /** Claims that the user must have: exactly this value, or an array that contains it. */
  readonly claims?: Readonly<
    Record<string, string | number | boolean | readonly (string | number | boolean)[]>
  >;
  /** Only users of this issuer. A group of the same name at another issuer does not match. */
  readonly issuer?: string;
  /** Only after a sign-in (`auth_time`) at most this many seconds ago. */
  readonly signedInWithin?: number;
  /** Your own condition. If it throws, the rule does not match. */
  readonly when?: (identity: Identity) => boolean;
}

/** Who may do what, where, over which transports and for how long. */
export interface Rule extends Who, Caps {
  /** The name of a target in the configuration. */
  readonly target: string;
  readonly actions: readonly string[];
  /** Names, prefixes `news-*`, or `*`; `${claim}` stands for a claim's value. */
  readonly rooms: readonly string[];
  /** Left out: all that the target knows. */
  readonly transports?: readonly Transport[];
  /** Longest lifetime, in seconds. */
  readonly ttl: number;
  /** Ends the token with the sign-in that it was exchanged for. */
  readonly withinSignIn?: boolean;
  /** Allows stream keys for what this rule allows, for at most `longest` seconds; left out, none. */
  readonly streamKeys?: { readonly longest: number };
}
