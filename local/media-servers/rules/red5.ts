import { red5Properties } from '../../../lib/media-servers/red5/config-file.ts';
import type { Attempt, HeldSettings, Decision, ReadConfig, ServerRules } from './server-rules.ts';
import { decodeJson, hmac, isObject, sameBytes } from './token-text.ts';

type Claims = Readonly<Record<string, unknown>>;

/** The settings of `red5-web.properties` that concern tokens. */
export interface Red5Server extends HeldSettings {
  /** `auth.active`: false lets everyone in. */
  readonly active: boolean;
  /** `auth.rtc` …: a protocol that is false lets everyone in over it. */
  readonly open: ReadonlySet<string>;
  readonly ttlMinutes: number;
  /** `''`: any issuer. */
  readonly issuer: string;
}

const roleOf: Readonly<Record<string, string>> = { publish: 'red5-publisher', subscribe: 'red5-subscriber' };
const webTransportOf: Readonly<Record<string, string>> = { publish: 'WHIP', subscribe: 'WHEP' };
const protocolOf: Readonly<Record<string, string>> = {
  WHIP: 'rtc',
  WHEP: 'rtc',
  RTMP: 'rtmp',
  RTSP: 'rtsp',
  SRT: 'srt',
  MPEGTS: 'mpegts',
};

/**
 * Red5 Pro's JWT authenticator, by its documentation: HS256 alone, `exp` at most `jwt.ttl.minutes` ahead of the server's
 * own now, lists as comma-separated strings without blanks, and an absent claim restricts nothing. Red5 is closed source: if
 * its documentation does not say (leeway, blanks, wrong types), the stricter reading is used.
 *
 * @see https://www.red5.net/docs/red5-pro/development/plugins/simple-auth-plugin/jwt-authentication/
 */
export const red5Rules: ServerRules<Red5Server> = {
  kind: 'red5',
  actions: ['publish', 'subscribe'],
  readConfig,
  decide,
};

function readConfig(text: string): ReadConfig<Red5Server> {
  const secret = red5Properties.readSecret(text);
  if (!secret.ok) return secret;
  const read = red5Properties.readSettings(text);
  if (!read.ok) return read;
  const { active = true, protocols, ttlMinutes = 60, issuer = '' } = read.settings;
  if (ttlMinutes === null) return { ok: false, problem: 'jwt.ttl.minutes is not a whole number' };
  const open = new Set(Object.entries(protocols).flatMap(([protocol, isOn]) => (isOn ? [] : [protocol])));
  return { ok: true, settings: { secret: secret.secret, active, open, ttlMinutes, issuer } };
}

function decide(token: string | undefined, server: Red5Server, attempt: Attempt, now: number): Decision {
  const transport = (attempt.transport ?? webTransportOf[attempt.action] ?? '').toUpperCase();
  if (!server.active || server.open.has(protocolOf[transport] ?? '')) {
    return { accepted: true, granted: { user: null, role: 'anyone: authentication is off' } };
  }

  const claims = readClaims(token, server.secret);
  const refusal =
    typeof claims === 'string'
      ? claims
      : (timesProblem(claims, server.ttlMinutes, now) ??
        issuerProblem(claims, server.issuer) ??
        listProblem(claims, 'red5-transport', transport, { ignoreCase: true }));
  if (typeof claims === 'string' || refusal !== undefined) {
    return { accepted: false, at: 'login', reason: refusal ?? 'invalid token' };
  }

  const denied = roleProblem(claims, attempt.action) ?? listProblem(claims, 'red5-room', attempt.room ?? '');
  if (denied !== undefined) return { accepted: false, at: 'action', reason: denied };
  return {
    accepted: true,
    granted: {
      user: typeof claims['sub'] === 'string' ? claims['sub'] : null,
      role: roleOf[attempt.action] ?? null,
      room: attempt.room ?? null,
      transport,
    },
  };
}

/** The claims of a token with a good signature, or what is wrong with it. */
function readClaims(token: string | undefined, secret: string): Claims | string {
  if (token === undefined || token.trim() === '' || token === 'undefined') return 'no token was provided';
  const parts = token.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  const decodedHeader = decodeJson(header);
  const claims = decodeJson(payload);
  if (parts.length !== 3 || !isObject(decodedHeader) || !isObject(claims)) return 'malformed token';
  if (decodedHeader['alg'] !== 'HS256') return 'unsupported algorithm: only HS256 is accepted';
  const expected = hmac('HS256', secret, `${header}.${payload}`);
  const isGood = expected !== undefined && sameBytes(Buffer.from(signature, 'base64url'), expected);
  return isGood ? claims : 'invalid signature';
}

/** `exp` must be present, in the future, and within the limit from now; `iat` does not matter. */
function timesProblem(claims: Claims, ttlMinutes: number, now: number): string | undefined {
  const { exp, nbf } = claims;
  if (typeof exp !== 'number') return 'exp claim is required';
  if (exp <= now) return 'token expired';
  if (exp - now > ttlMinutes * 60) {
    return `token expires too far in the future: at most ${ttlMinutes} minutes are allowed`;
  }
  return typeof nbf === 'number' && nbf > now ? 'token is not active yet' : undefined;
}

function issuerProblem(claims: Claims, issuer: string): string | undefined {
  return issuer === '' || claims['iss'] === issuer
    ? undefined
    : `issuer does not match: ${issuer} is required`;
}

/** Absent or empty means both roles; anything else must name the role, and roles it does not know count for nothing. */
function roleProblem({ roles }: Claims, action: string): string | undefined {
  if (roles === undefined || roles === null || roles === '') return undefined;
  if (typeof roles !== 'string') return 'roles must be a string';
  const role = roleOf[action];
  return role !== undefined && roles.split(',').includes(role)
    ? undefined
    : `role ${role ?? action} is required`;
}

function listProblem(
  claims: Claims,
  name: string,
  wanted: string,
  { ignoreCase = false } = {},
): string | undefined {
  const list = claims[name];
  if (list === undefined || list === null) return undefined;
  if (typeof list !== 'string') return `${name} must be a string`;
  const allowed = (ignoreCase ? list.toUpperCase() : list).split(',');
  if (wanted !== '' && allowed.includes(wanted)) return undefined;
  return `${name} does not allow ${wanted === '' ? 'a stream without one' : wanted}`;
}
