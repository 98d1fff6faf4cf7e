import { UserManager, type User } from 'oidc-client-ts';
import type { SubjectTokenRequest } from 'streampass-client';
import { settings } from './settings';

const home = `${location.origin}/`;

/** The sign-in of this tab, by the authorization code flow with PKCE. */
export const userManager = new UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: home,
  post_logout_redirect_uri: home,
  scope: 'openid profile email',
});

/** Ends a sign-in that the provider sent back here. Call it once, before the app starts. */
export async function finishSignIn(): Promise<User | null> {
  if (new URLSearchParams(location.search).has('state')) {
    await userManager.signinCallback().finally(() => history.replaceState(null, '', '/'));
  }
  return userManager.getUser();
}

/** What streampass asks for before each exchange: nothing if the user has to sign in again. */
export async function idToken({ forceRefresh }: SubjectTokenRequest): Promise<string | undefined> {
  const user = forceRefresh
    ? await userManager.signinSilent().catch(() => null)
    : await userManager.getUser();
  return user?.id_token;
}

/** Whether this user may publish, for show: the server decides. */
export function mayPublish(user: User): boolean {
  const { groups } = user.profile;
  return Array.isArray(groups) && groups.includes('broadcasters');
}
