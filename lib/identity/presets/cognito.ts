import * as v from 'valibot';
import { filledText, issuerAddress, oneOrMore, toArray } from '../../options/schemas.ts';
import { defineIssuer } from '../issuer.ts';
import { stringsOf } from './oidc.ts';

/** Options of a Cognito user pool. */
export interface CognitoOptions {
  /** Such as `eu-west-1_AbCdEfGhI`; the part before `_` is the region. */
  readonly userPoolId: string;
  /** The app client's id, or ids. */
  readonly clientId: string | readonly string[];
  /** The address of a local emulation of the service; left out, AWS's. */
  readonly endpoint?: string;
}

const schema: v.GenericSchema<unknown, CognitoOptions> = v.strictObject({
  userPoolId: v.pipe(
    v.string(),
    v.regex(
      /^[a-z]{2,}(-[a-z0-9]+)+_[A-Za-z0-9]+$|^local_[A-Za-z0-9]+$/,
      'must be a user pool id such as "eu-west-1_AbCdEfGhI"',
    ),
  ),
  clientId: oneOrMore(filledText),
  endpoint: v.exactOptional(issuerAddress),
});

/**
 * A Cognito user pool. `token_use` says what a token is; an ID token names the app client in `aud`, an access token in
 * `client_id`; groups are in `cognito:groups`.
 *
 * @see Amazon Cognito Developer Guide, "Verifying JSON web tokens", "Understanding the ID token", "… the access token"
 */
export const cognito = defineIssuer('cognito', schema, (options) => {
  const region = options.userPoolId.split('_')[0] ?? '';
  const host = options.endpoint ?? `https://cognito-idp.${region}.amazonaws.com`;
  const issuer = `${host.replace(/\/$/, '')}/${options.userPoolId}`;
  return {
    issuer,
    audience: toArray(options.clientId),
    jwksUri: `${issuer}/.well-known/jwks.json`,
    exchanges: ['id_token', 'access_token'],
    kindOf: (_header, claims) =>
      claims['token_use'] === 'id'
        ? 'id_token'
        : claims['token_use'] === 'access'
          ? 'access_token'
          : undefined,
    audienceClaim: (kind) => (kind === 'id_token' ? 'aud' : 'client_id'),
    groupsOf: (claims) => stringsOf(claims, 'cognito:groups'),
  };
});
