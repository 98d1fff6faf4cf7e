import { errors, interactionPolicy } from 'oidc-provider';
import type { AdapterFactory, ClientMetadata, Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import { isLoopbackOrigin } from '../loopback.ts';
import { serviceAudience } from './client.ts';
import { signInPath } from './login.ts';
import { contentSecurityPolicy, errorPage, signedOutPage, signOutPage } from './pages.ts';
import { signingAlgorithms } from './signing-keys.ts';
import type { LocalUser } from './users.ts';

/** The options in which local providers differ. */
interface ProviderSettings {
  readonly clients: readonly ClientMetadata[];
  readonly users: readonly LocalUser[];
  /** private keys, first of an algorithm signs, all are published */
  readonly keys: readonly JWK[];
  readonly cookieKeys: readonly string[];
  readonly adapter: AdapterFactory;
  readonly idTokenTtlSeconds: number;
}

const hour = 3600;

/**
 * The configuration of `oidc-provider`: code flow with PKCE only, our own pages, no consent page, and
 * every claim of the granted scopes in the ID token, because that is the token that is exchanged.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#configuration-options
 */
export function providerConfiguration(settings: ProviderSettings): Configuration {
  return {
    adapter: settings.adapter,
    clients: settings.clients.map((client) => ({ ...client })),
    jwks: { keys: settings.keys },
    cookies: { keys: [...settings.cookieKeys] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    enabledJWA: { idTokenSigningAlgValues: [...signingAlgorithms] },
    scopes: ['openid', 'offline_access'],
    // A page asks for one by the scope at some providers and is given one anyway at others: here without asking.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    ttl: {
      IdToken: settings.idTokenTtlSeconds,
      AccessToken: hour,
      ClientCredentials: hour,
      RefreshToken: 24 * hour,
      AuthorizationCode: 60,
      Interaction: hour,
      Session: 24 * hour,
      Grant: 24 * hour,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== serviceAudience) throw new errors.InvalidTarget();
          return { scope: '', audience: resource, accessTokenFormat: 'jwt' };
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => show(ctx, signOutPage(form)),
        postLogoutSuccessSource: (ctx) => show(ctx, signedOutPage()),
      },
    },
    interactions: { policy: loginOnly(), url: (_ctx, interaction) => signInPath + interaction.uid },
    loadExistingGrant: grantWhatIsAsked,
    findAccount: (_ctx, sub) => {
      const user = settings.users.find((one) => one.sub === sub);
      return user && { accountId: user.sub, claims: () => ({ ...user, groups: [...user.groups] }) };
    },
    clientBasedCORS: (_ctx, origin) => isLoopbackOrigin(origin),
    renderError: (ctx, out) => show(ctx, errorPage(out.error, out.error_description ?? '')),
  };
}

function loginOnly(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
}

/** Replaces the consent, for which no user is asked, because the client is our own. */
async function grantWhatIsAsked(ctx: KoaContextWithOIDC) {
  const { client, session, provider, params } = ctx.oidc;
  const accountId = session?.accountId;
  if (client === undefined || accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  grant.addOIDCScope(String(params?.['scope'] ?? 'openid'));
  await grant.save();
  return grant;
}

function show(ctx: KoaContextWithOIDC, html: string): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', contentSecurityPolicy);
  ctx.body = html;
}
