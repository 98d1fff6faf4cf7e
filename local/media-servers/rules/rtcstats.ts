import { rtcstatsYaml } from '../../../lib/media-servers/rtcstats/config-file.ts';
import type { Attempt, Granted, HeldSettings, Decision, ReadConfig, ServerRules } from './server-rules.ts';
import { decodeJson, hmac, isObject, sameBytes } from './token-text.ts';

/**
 * rtcstats-server: `jwt.verify(token, secret)` of the package jsonwebtoken without options, so only the signature (HS256, HS384
 * or HS512), `exp` and `nbf` count. The reasons are its log lines; clients get only 1008.
 *
 * @see https://github.com/rtcstats/rtcstats
 */
export const rtcstatsRules: ServerRules<HeldSettings> = {
  kind: 'rtcstats',
  actions: ['report'],
  readConfig,
  decide,
};

function readConfig(text: string): ReadConfig<HeldSettings> {
  const read = rtcstatsYaml.readSecret(text);
  return read.ok ? { ok: true, settings: { secret: read.secret } } : read;
}

function decide(
  token: string | undefined,
  { secret }: HeldSettings,
  _attempt: Attempt,
  now: number,
): Decision {
  if (secret === '') return { accepted: true, granted: { user: null, session: null, conference: null } };
  if (token === undefined || token === '') {
    return refused('Authentication is configured but rtcstats-token is missing');
  }
  const verified = verify(token, secret, now);
  if (!verified.ok) return refused(verified.error);
  return { accepted: true, granted: reportedBy(verified.payload) };
}

function refused(reason: string): Decision {
  return { accepted: false, at: 'login', reason };
}

type Verified =
  { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly error: string };

function verify(token: string, secret: string, now: number): Verified {
  const fail = (message: string, name = 'JsonWebTokenError'): Verified => ({
    ok: false,
    error: `${name}: ${message}`,
  });

  const parts = token.split('.');
  const [encodedHeader = '', encodedPayload = '', signature = ''] = parts;
  if (parts.length !== 3) return fail('jwt malformed');
  // The signature alone may be empty here; that is refused below in other words.
  const isBase64url = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
  const header = decodeJson(encodedHeader);
  if (!isBase64url || !header) return fail('invalid token');
  const { alg, typ } = isObject(header) ? header : {};
  const payload = decodeJson(encodedPayload);
  // With `typ: JWT` the payload must be JSON; else any text will do.
  if (typ === 'JWT' && payload === undefined) return fail('the payload is not JSON', 'SyntaxError');
  if (signature === '') return fail('jwt signature is required');
  const expected =
    typeof alg === 'string' ? hmac(alg, secret, `${encodedHeader}.${encodedPayload}`) : undefined;
  if (expected === undefined) return fail('invalid algorithm');
  // The texts are compared, so a flipped unused bit in the last character is refused.
  if (!sameBytes(Buffer.from(signature), Buffer.from(expected.toString('base64url'))))
    return fail('invalid signature');
  if (typ === 'JWT' && payload === null) return fail('the payload is null', 'TypeError');

  const { nbf, exp } = isObject(payload) ? payload : {};
  if (nbf !== undefined && typeof nbf !== 'number') return fail('invalid nbf value');
  if (nbf !== undefined && nbf > now) return fail('jwt not active', 'NotBeforeError');
  if (exp !== undefined && typeof exp !== 'number') return fail('invalid exp value');
  if (exp !== undefined && now >= exp) return fail('jwt expired', 'TokenExpiredError');
  return { ok: true, payload };
}

/** The only claims that are read: `rtcStats.user`, `.session`, `.conference`, each null where it is absent. */
function reportedBy(payload: unknown): Granted {
  const rtcStats = isObject(payload) && isObject(payload['rtcStats']) ? payload['rtcStats'] : {};
  const column = (name: string) => {
    const value = rtcStats[name] as string | number | boolean | null | undefined;
    // The column's type is text: a claim of another type is converted.
    return value === undefined || value === null ? null : String(value);
  };
  return { user: column('user'), session: column('session'), conference: column('conference') };
}
