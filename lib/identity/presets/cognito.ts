import * as v from 'valibot';
import type { JsonObject } from '../../jws/compact.ts';
import { filledText, issuerAddress, oneOrMore } from '../../options/schemas.ts';
import type { TokenKind } from '../issuer.ts';
import { tokenKind } from '../token-kind.ts';
import { defineProvider, providerOptions } from './provider.ts';
import type { CommonOptions, ServiceClients } from './provider.ts';

/** Options of a Cognito user pool. */
export interface CognitoOptions extends CommonOptions {
  /** Such as `eu-west-1_AbCdEfGhI`; the part before `_` is the region. */
  readonly userPoolId: string;
  /** The address of a local emulation of the service; left out, AWS's. */
  readonly endpoint?: string;
  /** App clients of the client-credentials grant, whose access tokens have no `aud`; left out, none. */
  readonly services?: ServiceClients;
}

const schema: v.GenericSchema<unknown, CognitoOptions> = v.strictObject({
  ...providerOptions,
  userPoolId: v.pipe(
    v.string(),
    v.regex(
      /^[a-z]{2,}(-[a-z0-9]+)+_[A-Za-z0-9]+$|^local_[A-Za-z0-9]+$/,
      'must be a user pool id such as "eu-west-1_AbCdEfGhI"',
    ),
  ),
  endpoint: v.exactOptional(issuerAddress),
  services: v.exactOptional(v.strictObject({ clientId: oneOrMore(filledText) })),
});

/**
 * A Cognito user pool, under both of its hosts. `token_use` says what a token is; an ID token names the app client in `aud`,
 * an access token in `client_id`; groups are in `cognito:groups`.
 *
 * @see Amazon Cognito Developer Guide, "Verifying JSON web tokens", "Understanding the ID token", "… the access token"
 */
export const cognito = defineProvider('cognito', schema, ({ userPoolId, endpoint }) => {
  const region = userPoolId.split('_')[0] ?? '';
  const hosts =
    endpoint === undefined
      ? [
          `https://cognito-idp.${region}.amazonaws.com`,
          // A pool with several regions has an issuer that does not depend on one.
          `https://issuer-cognito-idp.${region}.amazonaws.com`,
        ]
      : [endpoint.replace(/\/$/, '')];
  const [issuer = '', ...alsoIssuers] = hosts.map((host) => `${host}/${userPoolId}`);
  return {
    issuer,
    alsoIssuers,
    keys: [issuer, ...alsoIssuers].map((each) => `${each}/.well-known/jwks.json`),
    groups: 'cognito:groups',
    exchanges: ['id_token', 'access_token'],
    kindOf: cognitoKind,
    audienceClaim: (kind) => (kind === 'id_token' ? 'aud' : 'client_id'),
  };
});

/** Both kinds have no type in their header. */
function cognitoKind(header: JsonObject, claims: JsonObject): TokenKind | undefined {
  if (tokenKind(header, claims) !== 'id_token') return undefined;
  if (claims['token_use'] === 'id') return 'id_token';
  return claims['token_use'] === 'access' ? 'access_token' : undefined;
}
