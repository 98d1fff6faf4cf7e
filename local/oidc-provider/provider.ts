import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import type { ClientMetadata } from 'oidc-provider';
import { demoClient, serviceClient } from './client.ts';
import { providerConfiguration } from './configuration.ts';
import { answerSignIn, signInPath } from './login.ts';
import { isLoopbackOrigin, listenOnLoopback } from '../loopback.ts';
import { createMemoryAdapter } from './memory-adapter.ts';
import { localUsers, type LocalUser } from './users.ts';
import { generateSigningKeys, loadSigningKeys, saveSigningKeys } from './signing-keys.ts';

/** How a local provider is started. */
export interface OidcProviderOptions {
  /** 0 takes a free one */
  readonly port: number;
  /** default `http://localhost:PORT` */
  readonly issuer?: string;
  /** default: `demoClient()` and `serviceClient()` */
  readonly clients?: readonly ClientMetadata[];
  /** who can sign in · default: `localUsers` */
  readonly users?: readonly LocalUser[];
  /** keeps the private keys over restarts · default: none, new keys at each start */
  readonly keysFile?: string;
  /** seconds · default 3600 */
  readonly idTokenTtlSeconds?: number;
}

/** A local provider that runs. */
export interface RunningOidcProvider {
  readonly issuer: string;
  readonly port: number;
  /**
   * Signs with new keys from now on. The keys before them stay published for the ID tokens that live,
   * unless `withdraw` is true: then these tokens are worthless, as after a leaked key.
   */
  rotateKeys(options?: { readonly withdraw?: boolean }): Promise<void>;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a real OpenID Connect provider on loopback, with a login page and the users of `users.ts`.
 * It is for one machine only: nobody has a password.
 *
 * @throws {Error} if the port is taken, or `keysFile` holds no keys.
 */
export async function startOidcProvider(options: OidcProviderOptions): Promise<RunningOidcProvider> {
  const {
    clients = [demoClient(), serviceClient()],
    users = localUsers,
    keysFile,
    idTokenTtlSeconds = 3600,
  } = options;
  let keys = keysFile === undefined ? await generateSigningKeys() : await loadSigningKeys(keysFile);
  const adapter = createMemoryAdapter();
  const cookieKeys = [randomBytes(32).toString('base64url')];

  // The issuer names the port, which a free port's number is known for only once the server listens.
  let answer: RequestListener = (_request, response) => response.writeHead(503).end();
  const server = await listenOnLoopback(options.port, (request, response) => answer(request, response));
  const issuer = options.issuer ?? `http://localhost:${server.port}`;
  const serve = () => {
    const settings = { clients, users, keys, cookieKeys, adapter, idTokenTtlSeconds };
    answer = listenerOf(allowLoopbackRedirects(new Provider(issuer, providerConfiguration(settings))), users);
  };
  try {
    serve();
  } catch (error) {
    await server.close();
    throw error;
  }

  return {
    issuer,
    port: server.port,
    async rotateKeys({ withdraw = false } = {}) {
      const newKeys = await generateSigningKeys();
      keys = withdraw ? newKeys : [...newKeys, ...keys];
      if (keysFile !== undefined) await saveSigningKeys(keysFile, keys);
      serve();
    },
    close: () => server.close(),
  };
}

/**
 * Lets a client sign in from each page of this machine, not only from those that it registered, so that developers can run
 * their own page against this provider.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/recipes/redirect_uri_wildcards.md
 */
function allowLoopbackRedirects(provider: Provider): Provider {
  const { prototype } = provider.Client;
  prototype.redirectUriAllowed = isLoopbackPage;
  prototype.postLogoutRedirectUriAllowed = isLoopbackPage;
  return provider;
}

/** Whether an address is a page's on this machine; one with a fragment is nobody's redirect (RFC 6749 §3.1.2). */
function isLoopbackPage(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && !address.includes('#') && url.username === '' && isLoopbackOrigin(url.origin);
}

function listenerOf(provider: Provider, users: readonly LocalUser[]): RequestListener {
  const answerProtocol = provider.callback();
  return (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith(signInPath)) return void answerProtocol(request, response);
    answerSignIn(provider, users, request, response).catch((error: unknown) => {
      console.error('the login page failed:', error);
      response.destroy();
    });
  };
}
