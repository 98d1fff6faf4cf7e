import { acceptedIssuersOf, prosodyLua } from '../../../lib/media-servers/jitsi/config-file.ts';
import { joinRoom } from './jitsi-join.ts';
import { logIn } from './jitsi-login.ts';
import type { JitsiRefusal, JitsiServer } from './jitsi-session.ts';
import type { Attempt, Decision, ReadConfig, ServerRules } from './server-rules.ts';

/**
 * Prosody with Jitsi Meet's token modules: `mod_auth_token` at login, `mod_token_verification` and
 * `mod_token_affiliation` at the join. Rooms count as made already (the focus user makes them), tenants and Lua
 * patterns as rooms are not modelled.
 *
 * @see jitsi-meet `resources/prosody-plugins/token/util.lib.lua`, `luajwtjitsi.lib.lua`
 */
export const jitsiRules: ServerRules<JitsiServer> = {
  kind: 'jitsi',
  actions: ['join', 'moderate'],
  readConfig,
  decide,
};

function readConfig(text: string): ReadConfig<JitsiServer> {
  const secret = prosodyLua.readSecret(text);
  if (!secret.ok) return secret;
  const read = prosodyLua.readSettings(text);
  if (!read.ok) return read;
  const { settings } = read;
  if (settings.authentication !== 'token') {
    return {
      ok: false,
      problem: `authentication is ${settings.authentication ?? 'not set'}: tokens are not looked at`,
    };
  }
  if (settings.keyServer !== undefined)
    return { ok: false, problem: 'with a key server app_secret is not used' };
  if (settings.domain === undefined) return { ok: false, problem: 'there is no VirtualHost' };
  if (!settings.appId) return { ok: false, problem: "'app_id' must not be empty" };
  return {
    ok: true,
    settings: {
      secret: secret.secret,
      domain: settings.domain,
      acceptedIssuers: acceptedIssuersOf(settings) ?? [],
      acceptedAudiences: settings.acceptedAudiences ?? ['*'],
      signatureAlgorithm: settings.signatureAlgorithm ?? 'HS256',
      allowEmptyToken: settings.allowEmptyToken ?? false,
      verifyDomain: settings.enableDomainVerification ?? true,
      requireRoomClaim: settings.requireRoomClaim ?? true,
    },
  };
}

function decide(token: string | undefined, server: JitsiServer, attempt: Attempt, now: number): Decision {
  const login = logIn(token, server, now);
  if (!login.ok) return toDecision(login, 'login');
  const join = joinRoom(login.session, server, attempt.room ?? '');
  if (!join.ok) return toDecision(join, 'action');
  if (attempt.action === 'moderate' && !join.moderator) {
    return { accepted: false, at: 'action', reason: 'affiliation member, role participant: not a moderator' };
  }
  return {
    accepted: true,
    granted: {
      user: join.user,
      room: attempt.room ?? null,
      affiliation: join.moderator ? 'owner' : 'member',
      role: join.moderator ? 'moderator' : 'participant',
    },
  };
}

function toDecision({ reason, neverAnswers }: JitsiRefusal, at: 'login' | 'action'): Decision {
  return { accepted: false, at, reason, ...(neverAnswers && { neverAnswers }) };
}
