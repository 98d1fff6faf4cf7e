import { expect, test, vi } from 'vitest';

// In a file of its own: oidc-provider warns once a process, and some of it when it is imported.
test('prints nothing at the start, in a sign-in, for a refused request or in a logout', async () => {
  const spies = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
  const { startOidcProvider } = await import('../../../local/oidc-provider/provider.ts');
  const { signIn } = await import('../../../local/oidc-provider/sign-in.ts');
  const { openBrowser } = await import('../../../local/oidc-provider/browser.ts');
  const { authorizationUrl } = await import('./authorization-url.ts');
  const { issuer, close } = await startOidcProvider({ port: 0 });
  const browser = openBrowser('http://127.0.0.1/id-token');

  const { accessToken } = await signIn({ issuer, user: 'viewer' });
  const userInfo = await fetch(`${issuer}/me`, {
    headers: { authorization: `Bearer ${accessToken}`, origin: 'http://localhost:3003' },
  });
  const refused = await browser.open(await authorizationUrl(issuer, { client_id: 'other' }));
  await browser.press(await browser.open(await authorizationUrl(issuer)), 'user', 'viewer');
  const signedOut = await browser.press(await browser.open(new URL('/session/end', issuer)), 'logout', 'yes');
  await close();

  expect([userInfo.status, refused.status, signedOut.status]).toEqual([200, 400, 200]);
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});
