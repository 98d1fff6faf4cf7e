import type { JsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { filledText, issuerAddress, oneOrMore, toArray } from '../../options/schemas.ts';
import { defineIssuer, type TokenKind } from '../issuer.ts';

/** Options of any OpenID provider. */
export interface OidcOptions {
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** The client id, or ids, that its ID tokens must be meant for. */
  readonly audience: string | readonly string[];
  /** The claim that holds the groups; default `groups`. */
  readonly groupsClaim?: string;
}

const schema: v.GenericSchema<unknown, OidcOptions> = v.strictObject({
  issuer: issuerAddress,
  audience: oneOrMore(filledText),
  groupsClaim: v.exactOptional(filledText),
});

/**
 * An OpenID provider that follows the standard: ID tokens alone may be exchanged, keys are found by discovery, groups are
 * in the claim `groups`.
 *
 * @see OpenID Connect Core 1.0 §2, OpenID Connect Discovery 1.0 §4
 */
export const oidc = defineIssuer('oidc', schema, ({ issuer, audience, groupsClaim = 'groups' }) => ({
  issuer,
  audience: toArray(audience),
  exchanges: ['id_token'],
  kindOf: kindByHeader,
  audienceClaim: () => 'aud',
  groupsOf: (claims) => stringsOf(claims, groupsClaim),
}));

/**
 * What a token says it is by RFC 9068 §2.1: `typ: at+jwt` is an access token. A token that says nothing is an ID token.
 */
export function kindByHeader(header: JsonObject): TokenKind {
  const typ = typeof header['typ'] === 'string' ? header['typ'].toLowerCase() : '';
  return typ === 'at+jwt' || typ === 'application/at+jwt' ? 'access_token' : 'id_token';
}

/** A claim that is a list of strings or one string, as a list; entries of another type count for nothing. */
export function stringsOf(claims: JsonObject, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
