import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { errors } from 'oidc-provider';
import type { Provider } from 'oidc-provider';
import { contentSecurityPolicy, errorPage, signInPage } from './pages.ts';
import type { LocalUser } from './users.ts';

/** Where the provider sends a browser that has to sign in: this path and the interaction's id. */
export const signInPath = '/sign-in/';

/**
 * Answers the login page: GET shows the users, POST signs in the one whose button was pressed and sends
 * the browser back into the provider's flow. The provider's interaction cookie ties both to one browser.
 */
export async function answerSignIn(
  provider: Provider,
  users: readonly LocalUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { uid, params } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') {
      return sendPage(response, 200, signInPage(signInPath + uid, String(params['client_id']), users));
    }
    const name = new URLSearchParams(await text(request)).get('user');
    const user = users.find(({ sub }) => sub === name);
    if (user === undefined) {
      return sendPage(response, 400, errorPage('invalid_request', 'There is no such user.'));
    }
    await provider.interactionFinished(request, response, { login: { accountId: user.sub } });
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    sendPage(
      response,
      400,
      errorPage('invalid_request', 'This sign-in is over. Begin again on the page that you came from.'),
    );
  }
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy,
    })
    .end(html);
}
