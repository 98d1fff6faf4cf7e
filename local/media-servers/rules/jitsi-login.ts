import { orSilence, refuse, type JitsiLogin, type JitsiServer } from './jitsi-session.ts';
import { field, isNil, isTruthy, LuaError, seconds } from './lua-values.ts';
import { hmac, sameBytes } from './token-text.ts';

/** The check of mod_auth_token at SASL ANONYMOUS. The room is not looked at yet: only that the claim is there. */
export function logIn(token: string | undefined, server: JitsiServer, now: number): JitsiLogin {
  return orSilence(() => {
    if (token === undefined) {
      if (!server.allowEmptyToken) return refuse('token required');
      return {
        ok: true,
        session: { room: undefined, domain: undefined, user: undefined, hasToken: false },
      };
    }
    const verified = verify(token, server, now);
    if (typeof verified === 'string') return refuse(verified);
    const { claims } = verified;
    if (server.requireRoomClaim && isNil(field(claims, 'room')))
      return refuse('room claim is missing', 'not-authorized');
    if (isNil(field(claims, 'sub'))) return refuse('sub claim is missing', 'not-authorized');

    const context = field(claims, 'context');
    const userId = field(claims, 'user_id');
    const user = isNil(context) ? (isTruthy(userId) ? { id: userId } : undefined) : field(context, 'user');
    const session = { room: field(claims, 'room'), domain: field(claims, 'sub'), user };
    return { ok: true, session: { ...session, hasToken: true } };
  });
}

/** `luajwtjitsi.verify`, in its order: form, `typ`, `alg`, signature, `exp`, `nbf`, `iss`, `aud`. No leeway. */
function verify(token: string, server: JitsiServer, now: number): { readonly claims: unknown } | string {
  // Empty parts do not count, so additional dots change nothing.
  const parts = token.split(/[\\.]+/).filter((part) => part !== '');
  const [encodedHeader = '', encodedBody = '', encodedSignature = ''] = parts;
  if (parts.length !== 3) return 'Invalid token';
  const header = decode(encodedHeader);
  if (header === undefined) return 'Invalid header';
  const body = decode(encodedBody);
  if (body === undefined) return 'Invalid body';
  if (!/^[\w-]*$/.test(encodedSignature)) return 'Invalid signature';

  if (field(header, 'typ') !== 'JWT') return 'Invalid typ';
  if (field(header, 'alg') !== server.signatureAlgorithm) return 'Invalid or incorrect alg';
  const expected = hmac(server.signatureAlgorithm, server.secret, `${encodedHeader}.${encodedBody}`);
  if (expected === undefined) return 'Algorithm not supported';
  if (!sameBytes(Buffer.from(encodedSignature, 'base64url'), expected)) return 'Invalid signature';

  const [exp, nbf, iat] = [field(body, 'exp'), field(body, 'nbf'), field(body, 'iat')];
  if (isTruthy(exp) && typeof exp !== 'number') return 'exp must be number';
  if (isTruthy(nbf) && typeof nbf !== 'number') return 'nbf must be number';
  if (typeof exp === 'number' && now >= exp) {
    const lifetime = isTruthy(iat) ? `, valid for:${seconds(exp, iat)} sec` : '';
    return `Not acceptable by exp (${seconds(now, exp)} sec since expired${lifetime})`;
  }
  if (typeof nbf === 'number' && now < nbf) return 'Not acceptable by nbf';
  return (
    claimProblem('iss', field(body, 'iss'), server.acceptedIssuers) ??
    claimProblem('aud', field(body, 'aud'), server.acceptedAudiences) ?? { claims: body }
  );
}

/** Decoded JSON; `undefined` where it is none. A character that is not base64url breaks the decoder itself. */
function decode(part: string): unknown {
  if (!/^[\w-]*$/.test(part)) throw new LuaError('decode: string expected, got nil');
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function claimProblem(name: string, claim: unknown, accepted: readonly string[]): string | undefined {
  if (isNil(claim)) return `'${name}' claim is missing`;
  return accepted.some((value) => value === '*' || value === claim) ? undefined : `invalid '${name}' claim`;
}
