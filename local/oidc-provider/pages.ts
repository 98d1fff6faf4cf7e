import { createHash } from 'node:crypto';
import type { LocalUser } from './users.ts';
import { escapeHtml } from '../../lib/api-gateway/escape-html.ts';

const style = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body {
    margin: 0; min-height: 100vh; display: grid; place-items: center;
    background: light-dark(#f3f4f6, #111418); color: light-dark(#1b1f24, #e8eaed);
  }
  main {
    box-sizing: border-box; width: min(26rem, 100vw); padding: 2rem; border-radius: 0.75rem;
    background: light-dark(#fff, #1b2027); border: 1px solid light-dark(#d5d9de, #343b45);
  }
  h1 { margin: 0 0 0.5rem; font-size: 1.4rem; }
  p { margin: 0 0 1rem; }
  form { display: grid; gap: 0.75rem; }
  button {
    font: inherit; text-align: start; padding: 0.75rem 1rem; border-radius: 0.5rem; cursor: pointer;
    color: inherit; background: light-dark(#eef3fb, #232c39); border: 1px solid light-dark(#8095b5, #64789a);
  }
  button:hover { background: light-dark(#dde8f8, #2d3a4c); }
  button:focus-visible { outline: 3px solid light-dark(#1f5fbf, #8ab4f8); outline-offset: 2px; }
  button span { display: block; font-size: 0.875rem; color: light-dark(#4a5462, #b4bcc8); }
  .note { margin: 1.25rem 0 0; font-size: 0.875rem; color: light-dark(#4a5462, #b4bcc8); }
`;

/**
 * The pages load nothing and run no script. There is no `form-action`: browsers apply it to redirects
 * too, and a sign-in ends in a redirect to the client's own origin.
 */
export const contentSecurityPolicy = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/** The login page: one button for each user, in one form that posts `user` to `action`. */
export function signInPage(action: string, clientId: string, users: readonly LocalUser[]): string {
  const buttons = users.map(
    (user) =>
      `<button name="user" value="${escapeHtml(user.sub)}">${escapeHtml(user.sub)}` +
      `<span>in the group ${escapeHtml(user.groups.join(', '))}</span></button>`,
  );
  return page(
    'Sign in',
    `<p>Who signs in to <strong>${escapeHtml(clientId)}</strong>?</p>
    <form method="post" action="${escapeHtml(action)}">
      ${buttons.join('\n      ')}
    </form>
    <p class="note">This is a demo on your own machine, so nobody needs a password.</p>`,
  );
}

/** The question that RP-initiated logout asks. `form` is the provider's own hidden form, `op.logoutForm`. */
export function signOutPage(form: string): string {
  return page(
    'Sign out',
    `<p>Do you want to sign out of the local provider?</p>
    ${form.replace('</form>', '<button name="logout" value="yes">Sign out</button><button>Stay signed in</button></form>')}`,
  );
}

/** The page after a logout that names no page to go back to. */
export function signedOutPage(): string {
  return page('Signed out', '<p>You are signed out. You can close this page.</p>');
}

/** A refused request, in the words of its OAuth error. */
export function errorPage(error: string, description: string): string {
  return page('Sign-in refused', `<p><code>${escapeHtml(error)}</code></p><p>${escapeHtml(description)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · streampass</title>
    <style>${style}</style>
  </head>
  <body>
    <main>
    <h1>${title}</h1>
    ${body}
    </main>
  </body>
</html>
`;
}
