/**
 * As much of the sign-in libraries as docs/browser.md uses, from the declarations of the versions that are named. The
 * packages themselves are not installed: together they take 100 MB.
 */

/** `@azure/msal-browser` 5.30.0 */
declare class InteractionRequiredAuthError extends Error {}
interface MsalAccount {
  readonly homeAccountId: string;
}
declare const msal: {
  getActiveAccount(): MsalAccount | null;
  acquireTokenSilent(request: {
    scopes: string[];
    account?: MsalAccount;
    forceRefresh?: boolean;
  }): Promise<{ readonly idToken: string }>;
};

/** `@auth0/auth0-spa-js` 2.28.3 */
declare const auth0: {
  getTokenSilently(options: {
    cacheMode?: 'on' | 'off' | 'cache-only';
    detailedResponse: true;
  }): Promise<{ readonly id_token: string } | undefined>;
};

/** `@okta/okta-auth-js` 8.0.1 */
declare const oktaAuth: {
  getIdToken(): string | undefined;
  readonly tokenManager: {
    renew(
      key: string,
    ): Promise<
      | { readonly accessToken: string }
      | { readonly idToken: string }
      | { readonly refreshToken: string }
      | undefined
    >;
  };
};

/** `aws-amplify/auth` 6.22.1 */
declare function fetchAuthSession(options?: {
  forceRefresh?: boolean;
}): Promise<{ readonly tokens?: { readonly idToken?: { toString(): string } } }>;

/** `oidc-client-ts` 3.5.0 */
declare const userManager: {
  signinSilent(): Promise<{ readonly id_token?: string } | null>;
  getUser(): Promise<{ readonly id_token?: string } | null>;
};

/** `keycloak-js` 26.2.4 */
declare const keycloak: {
  updateToken(minValidity?: number): Promise<boolean>;
  readonly authenticated?: boolean;
  readonly idToken?: string;
};
