import { localService, serviceAudience } from '../../local/oidc-provider/client.ts';

/** The access token that the local provider gives its service, by the client-credentials grant (RFC 6749 §4.4). */
export async function serviceToken(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${localService.clientId}:${localService.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: serviceAudience }),
  });
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { access_token: string }).access_token;
}
