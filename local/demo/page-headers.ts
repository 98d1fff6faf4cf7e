/**
 * Headers of every answer. The page loads nothing but its own files, runs no inline script, is shown in no frame, and talks to
 * the local stack alone.
 *
 * @param origins `http://…` that the page's script may call, by HTTP and by WebSocket
 */
export function pageHeaders(origins: readonly string[]): Readonly<Record<string, string>> {
  const callable = origins.flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]);
  return {
    'content-security-policy': [
      `default-src 'none'`,
      `script-src 'self'`,
      `style-src 'self'`,
      `img-src 'self'`,
      `connect-src 'self' ${callable.join(' ')}`,
      `base-uri 'none'`,
      `form-action 'none'`,
      `frame-ancestors 'none'`,
      `require-trusted-types-for 'script'`,
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}
