import * as oauth from 'oauth4webapi';
import { openBrowser } from './browser.ts';
import { commandLineRedirectUri, demoClientId } from './client.ts';

/** The user who signs in, and the provider. */
interface SignInOptions {
  /** the provider's issuer identifier, such as `http://localhost:3001` */
  readonly issuer: string;
  /** the name on the login page's button */
  readonly user: string;
  /** default `streampass-demo` */
  readonly clientId?: string;
  /** one that the client registered; it is never opened · default: the command line's */
  readonly redirectUri?: string;
}

/** The tokens of a sign-in. */
interface SignedIn {
  /** compact JWS */
  readonly idToken: string;
  /** opaque */
  readonly accessToken: string;
}

// The local provider has no TLS.
const overHttp = { [oauth.allowInsecureRequests]: true };

/**
 * Signs a user in at the local provider, as an application and a browser do: authorization code flow with
 * PKCE (RFC 7636), the login page's button pressed, the code exchanged, the ID token validated.
 *
 * @throws {Error} if no provider answers, the login page has no such user, or a step is refused.
 */
export async function signIn({
  issuer,
  user,
  clientId = demoClientId,
  redirectUri = commandLineRedirectUri,
}: SignInOptions): Promise<SignedIn> {
  const server = await discover(issuer);
  const client: oauth.Client = { client_id: clientId };
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();

  const authorizationUrl = new URL(server.authorization_endpoint ?? '');
  authorizationUrl.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).toString();

  const redirect = await passLoginPage(authorizationUrl, user, redirectUri);
  const callback = oauth.validateAuthResponse(server, client, redirect, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    callback,
    redirectUri,
    codeVerifier,
    overHttp,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(server, response, overHttp);
  return { idToken: tokens.id_token ?? '', accessToken: tokens.access_token };
}

async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = URL.parse(issuer);
  if (url === null) throw new Error(`the issuer "${issuer}" is not a URL such as http://localhost:3001`);
  const response = await oauth.discoveryRequest(url, overHttp).catch((cause: unknown) => {
    throw new Error(`no provider answers at ${issuer}: start it with npm start`, { cause });
  });
  return oauth.processDiscoveryResponse(url, response).catch((cause: unknown) => {
    throw new Error(`what answers at ${issuer} is not an OpenID Connect provider of that name`, { cause });
  });
}

async function passLoginPage(authorizationUrl: URL, user: string, redirectUri: string): Promise<URL> {
  const browser = openBrowser(redirectUri);
  let page = await browser.open(authorizationUrl);
  if (page.status === 200) page = await browser.press(page, 'user', user);
  if (page.status >= 400)
    throw new Error(`the provider refused the sign-in with ${page.status}: ${textOf(page.html)}`);
  return page.url;
}

/** The main part's words, without markup. */
function textOf(html: string): string {
  const main = /<main>(.*)<\/main>/s.exec(html)?.[1] ?? html;
  return main
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
