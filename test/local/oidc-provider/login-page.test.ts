import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../../../local/oidc-provider/browser.ts';
import { commandLineRedirectUri, demoClient } from '../../../local/oidc-provider/client.ts';
import { startOidcProvider } from '../../../local/oidc-provider/provider.ts';
import type { RunningOidcProvider } from '../../../local/oidc-provider/provider.ts';
import { authorizationUrl } from './authorization-url.ts';

const hostileClientId = '<img src="x">';
let provider: RunningOidcProvider;

beforeAll(async () => {
  provider = await startOidcProvider({
    port: 0,
    clients: [demoClient(), demoClient({ clientId: hostileClientId })],
  });
});

afterAll(() => provider.close());

async function openLoginPage(changed: Record<string, string> = {}) {
  const browser = openBrowser(commandLineRedirectUri);
  return { browser, page: await browser.open(await authorizationUrl(provider.issuer, changed)) };
}

test('has a button for each user and says that there is no password', async () => {
  const { page } = await openLoginPage();

  expect(page.status).toBe(200);
  expect([...page.html.matchAll(/<button name="user" value="(\w+)">/g)].map(([, user]) => user)).toEqual([
    'broadcaster',
    'viewer',
    'moderator',
  ]);
  expect(page.html).toContain('nobody needs a password');
  expect(page.html).toContain('<html lang="en">');
});

test('loads nothing, runs no script and cannot be framed', async () => {
  const { page } = await openLoginPage();
  const response = await fetch(page.url);

  expect(page.html).not.toMatch(/<script|<link|<img|https?:|@import/);
  expect(response.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; frame-ancestors 'none'$/,
  );
});

test('shows a client id as text', async () => {
  const { page } = await openLoginPage({ client_id: hostileClientId });

  expect(page.html).toContain('&lt;img src=&quot;x&quot;&gt;');
  expect(page.html).not.toContain(hostileClientId);
});

test('refuses a user that is not on it', async () => {
  const { browser, page } = await openLoginPage();

  const answer = await browser.open(page.url, {
    method: 'POST',
    body: new URLSearchParams({ user: 'admin' }),
  });

  expect(answer.status).toBe(400);
  expect(answer.html).toContain('There is no such user.');
});

test('refuses a sign-in that another browser began', async () => {
  const { page } = await openLoginPage();

  const answer = await openBrowser(commandLineRedirectUri).press(page, 'user', 'viewer');

  expect(answer.status).toBe(400);
  expect(answer.html).toContain('This sign-in is over.');
});

test('stays away while a browser is signed in, and comes back after the logout', async () => {
  const { browser, page } = await openLoginPage();
  await browser.press(page, 'user', 'viewer');
  const again = await browser.open(await authorizationUrl(provider.issuer));
  expect(again.url.searchParams.get('code')).not.toBeNull();

  const logout = new URL('/session/end', provider.issuer);
  logout.search = new URLSearchParams({ client_id: 'streampass-demo' }).toString();
  const signedOut = await browser.press(await browser.open(logout), 'logout', 'yes');

  expect(signedOut.html).toContain('You are signed out.');
  const afterwards = await browser.open(await authorizationUrl(provider.issuer));
  expect(afterwards.html).toContain('<button name="user" value="viewer">');
});

test('changes the user where prompt=login asks for a new sign-in', async () => {
  const { browser, page } = await openLoginPage();
  await browser.press(page, 'user', 'viewer');

  const codeVerifier = oauth.generateRandomCodeVerifier();
  const url = await authorizationUrl(provider.issuer, { prompt: 'login' }, codeVerifier);
  const handOver = await browser.press(await browser.open(url), 'user', 'moderator');
  // The provider ends the viewer's session by a form that a script submits.
  const switched = await browser.submit(handOver);

  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'streampass-demo',
      redirect_uri: commandLineRedirectUri,
      code: switched.url.searchParams.get('code') ?? '',
      code_verifier: codeVerifier,
    }),
  });
  const { id_token: idToken } = (await response.json()) as { id_token: string };
  expect(decodeJwt(idToken)).toMatchObject({ sub: 'moderator', groups: ['moderators'] });
});

test('stays away after the provider changed its keys', async () => {
  const { browser, page } = await openLoginPage();
  await browser.press(page, 'user', 'viewer');

  await provider.rotateKeys();

  const again = await browser.open(await authorizationUrl(provider.issuer));
  expect(again.url.searchParams.get('code')).not.toBeNull();
});

test('logs out back to the demo page', async () => {
  const demoPage = 'http://localhost:3003/';
  const browser = openBrowser(demoPage);
  const page = await browser.open(await authorizationUrl(provider.issuer, { redirect_uri: demoPage }));
  await browser.press(page, 'user', 'viewer');

  const logout = new URL('/session/end', provider.issuer);
  logout.search = new URLSearchParams({
    client_id: 'streampass-demo',
    post_logout_redirect_uri: demoPage,
    state: 'bye',
  }).toString();
  const signedOut = await browser.press(await browser.open(logout), 'logout', 'yes');

  expect(signedOut.url.href).toBe('http://localhost:3003/?state=bye');
});
