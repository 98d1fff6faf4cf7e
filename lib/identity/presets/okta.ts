import type { JsonObject } from '../../jws/compact.ts';
import * as v from 'valibot';
import { filledText, hostName, oneOrMore, toArray } from '../../options/schemas.ts';
import { defineIssuer, type TokenKind } from '../issuer.ts';
import { kindByHeader, stringsOf } from './oidc.ts';

/** Options of an Okta organization. */
export interface OktaOptions {
  /** The organization's domain, or its custom domain, as in its tokens: `example.okta.com`. */
  readonly domain: string;
  /** The application's client id, or ids. */
  readonly clientId: string | readonly string[];
  /** The id of a custom authorization server, such as `default` or `aus…`; left out, the organization's own server. */
  readonly authorizationServer?: string;
  /** The claim that holds the groups; default `groups`. It is in the token only where the application's settings say so. */
  readonly groupsClaim?: string;
}

const schema: v.GenericSchema<unknown, OktaOptions> = v.strictObject({
  domain: hostName('example.okta.com'),
  clientId: oneOrMore(filledText),
  authorizationServer: v.exactOptional(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{1,64}$/, 'must be an id such as "default", not an address')),
  ),
  groupsClaim: v.exactOptional(filledText),
});

/**
 * An Okta organization's own authorization server, whose issuer is the bare domain, or a custom one under `/oauth2/`. ID
 * tokens alone are exchanged: the access tokens of the organization's server are for Okta's own APIs. Okta's access tokens
 * are known by `cid` and `scp`, which no ID token has, and by types of their own.
 *
 * @see Okta Developer, "Authorization servers", "OpenID Connect & OAuth 2.0 API", "Customize tokens returned from Okta with a
 *   Groups claim"
 */
export const okta = defineIssuer('okta', schema, (options) => {
  const server = options.authorizationServer;
  const issuer = `https://${options.domain}${server === undefined ? '' : `/oauth2/${server}`}`;
  return {
    issuer,
    audience: toArray(options.clientId),
    jwksUri: server === undefined ? `${issuer}/oauth2/v1/keys` : `${issuer}/v1/keys`,
    exchanges: ['id_token'],
    kindOf: oktaKind,
    audienceClaim: () => 'aud',
    groupsOf: (claims) => stringsOf(claims, options.groupsClaim ?? 'groups'),
  };
});

function oktaKind(header: JsonObject, claims: JsonObject): TokenKind {
  const saysAccess = Object.hasOwn(claims, 'cid') || Object.hasOwn(claims, 'scp');
  const internal = typeof header['typ'] === 'string' && /at\+jwt$/i.test(header['typ']);
  return saysAccess || internal ? 'access_token' : kindByHeader(header);
}
