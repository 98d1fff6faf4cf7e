import { timingSafeEqual } from 'node:crypto';
import type { Jws } from './compact.ts';
import { REFUSED_MEMBERS } from './header.ts';
import { macOf } from './sign.ts';
import type { SigningKey } from './sign.ts';

/**
 * Whether a JWS was signed with the HS256 key among these that its `kid` names: for tokens that streampass issued itself.
 * Takes as long for a wrong MAC as for a right one. Does not look at the payload.
 */
export function verifyHs256({ header, signingInput, signature }: Jws, keys: readonly SigningKey[]): boolean {
  if (header['alg'] !== 'HS256' || REFUSED_MEMBERS.some((member) => Object.hasOwn(header, member)))
    return false;
  const key = keys.find(({ alg, kid }) => alg === 'HS256' && kid === header['kid']);
  if (key === undefined) return false;
  const mac = Buffer.from(macOf(signingInput, key.key), 'base64url');
  return mac.length === signature.length && timingSafeEqual(mac, signature);
}
