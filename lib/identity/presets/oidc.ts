import type { JsonObject } from '../../jws/compact.ts';
import type { Issuer, TokenKind } from '../issuer.ts';
import { isLoopback } from '../../oauth/loopback.ts';

/** Options of any OpenID provider. */
export interface OidcOptions {
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** The client id, or ids, that its ID tokens must be meant for. */
  readonly audience: string | readonly string[];
  /** The claim that holds the groups; default `groups`. */
  readonly groupsClaim?: string;
}

/**
 * An OpenID provider that follows the standard: ID tokens alone may be exchanged, keys are found by discovery, groups are
 * in the claim `groups`.
 *
 * @see OpenID Connect Core 1.0 §2, OpenID Connect Discovery 1.0 §4
 */
export function oidc(options: OidcOptions): Issuer {
  const audience = typeof options.audience === 'string' ? [options.audience] : options.audience;
  return {
    preset: 'oidc',
    issuer: options.issuer,
    audience,
    exchanges: ['id_token'],
    problems: [...issuerProblems(options.issuer), ...audienceProblems(audience)],
    kindOf: kindByHeader,
    audienceClaim: () => 'aud',
    groupsOf: (claims) => stringsOf(claims, options.groupsClaim ?? 'groups'),
  };
}

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

/** What is wrong with an issuer's address: `https:`, or `http:` on loopback; no query, fragment or user. */
export function issuerProblems(issuer: string): { field: string; problem: string }[] {
  const url = URL.parse(issuer);
  const sound =
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) &&
    !/[?#]/.test(issuer) &&
    url.username === '' &&
    url.password === '';
  return sound
    ? []
    : [
        {
          field: 'issuer',
          problem: 'must be an https address without query or fragment (http only on loopback)',
        },
      ];
}

/** What is wrong with a provider's domain, from which its issuer is made: a host name alone, in lower case. */
export function hostProblems(
  field: string,
  host: string,
  example: string,
): { field: string; problem: string }[] {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)
    ? []
    : [{ field, problem: `must be a host name such as "${example}", without https:// and without a path` }];
}

/** What is wrong with a list of client ids. */
export function audienceProblems(audience: readonly string[]): { field: string; problem: string }[] {
  return audience.length > 0 && audience.every((id) => typeof id === 'string' && id.trim() !== '')
    ? []
    : [{ field: 'audience', problem: 'must name at least one client id, and none may be empty' }];
}
