import * as oauth from 'oauth4webapi';
import type { DemoConfig } from '../demo-config.ts';

/** Who is signed in, by the ID token. */
export interface Person {
  readonly idToken: string;
  readonly sub: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** Epoch seconds. */
  readonly exp: number;
}

/** What outlives the way to the provider and back. */
interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

// Per tab, and gone with it.
const flowKey = 'streampass.flow';
const idTokenKey = 'streampass.id-token';

// The local provider has no TLS.
const overHttp = { [oauth.allowInsecureRequests]: true };

/** The sign-in of this tab: authorization code flow with PKCE (RFC 7636), `state` and `nonce`. */
export interface SignIn {
  /** Who is signed in, even if the sign-in has ended: the API decides whether it is still valid. */
  readonly person: () => Person | undefined;
  /** Leaves the page for the provider. @param another asks who it is even where the provider knows somebody. */
  readonly begin: (another?: boolean) => Promise<void>;
  /** Ends a sign-in that the provider sent back to `/callback`; elsewhere it does nothing. */
  readonly finish: () => Promise<void>;
  /** Forgets the person here, and leaves the page for the provider to do so too. */
  readonly end: () => Promise<void>;
}

/** The sign-in of this tab at the local provider; asks nothing before `begin` or `finish`. */
export function createSignIn({ oidcIssuer, clientId }: DemoConfig): SignIn {
  const client: oauth.Client = { client_id: clientId };
  const redirectUri = `${location.origin}/callback`;

  const discover = async (): Promise<oauth.AuthorizationServer> => {
    const issuer = new URL(oidcIssuer);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, overHttp));
  };

  const exchangeCode = async (): Promise<string> => {
    const flow = takeFlow();
    if (flow === undefined) throw new Error('This sign-in was not begun in this tab.');
    const server = await discover();
    const callback = oauth.validateAuthResponse(server, client, new URL(location.href), flow.state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      callback,
      redirectUri,
      flow.codeVerifier,
      overHttp,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: flow.nonce,
      requireIdToken: true,
    });
    return tokens.id_token ?? '';
  };

  return {
    person: () => personOf(sessionStorage.getItem(idTokenKey)),

    async begin(another = false) {
      const server = await discover();
      const flow: Flow = {
        state: oauth.generateRandomState(),
        nonce: oauth.generateRandomNonce(),
        codeVerifier: oauth.generateRandomCodeVerifier(),
      };
      const url = new URL(server.authorization_endpoint ?? '');
      url.search = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid profile email',
        code_challenge: await oauth.calculatePKCECodeChallenge(flow.codeVerifier),
        code_challenge_method: 'S256',
        state: flow.state,
        nonce: flow.nonce,
        ...(another && { prompt: 'login' }),
      }).toString();
      sessionStorage.setItem(flowKey, JSON.stringify(flow));
      location.assign(url);
    },

    async finish() {
      if (location.pathname !== '/callback') return;
      try {
        sessionStorage.setItem(idTokenKey, await exchangeCode());
      } finally {
        // The code is of no more use, and must not stay in the address or the history.
        history.replaceState(null, '', '/');
      }
    },

    async end() {
      const idToken = sessionStorage.getItem(idTokenKey);
      sessionStorage.removeItem(idTokenKey);
      const server = await discover();
      const url = new URL(server.end_session_endpoint ?? '');
      url.search = new URLSearchParams({
        client_id: clientId,
        post_logout_redirect_uri: `${location.origin}/`,
        ...(idToken !== null && { id_token_hint: idToken }),
      }).toString();
      location.assign(url);
    },
  };
}

/** The flow that this tab began; it is good for one answer. */
function takeFlow(): Flow | undefined {
  const stored = sessionStorage.getItem(flowKey);
  sessionStorage.removeItem(flowKey);
  return stored === null ? undefined : (JSON.parse(stored) as Flow);
}

/** Reads the claims for show: the API verifies them, this page decides nothing by them. */
function personOf(idToken: string | null): Person | undefined {
  if (idToken === null) return undefined;
  const claims = decodePart(idToken.split('.')[1]);
  const { sub, name, groups, exp } = claims;
  return {
    idToken,
    sub: String(sub),
    name: String(name ?? sub),
    groups: Array.isArray(groups) ? groups.map(String) : [],
    exp: Number(exp),
  };
}

/** One part of a JWT as an object, unverified; an empty one where it is none. */
export function decodePart(part = ''): Readonly<Record<string, unknown>> {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
