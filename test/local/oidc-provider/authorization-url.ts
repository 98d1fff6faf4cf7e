import * as oauth from 'oauth4webapi';
import { commandLineRedirectUri, demoClientId } from '../../../local/oidc-provider/client.ts';

/** An authorization request that the provider accepts, but for what `changed` says; undefined leaves out. */
export async function authorizationUrl(
  issuer: string,
  changed: Record<string, string | undefined> = {},
  codeVerifier = oauth.generateRandomCodeVerifier(),
): Promise<URL> {
  const parameters = {
    client_id: demoClientId,
    redirect_uri: commandLineRedirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...changed,
  };
  const url = new URL('/auth', issuer);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}
