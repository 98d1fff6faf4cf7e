import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { antmedia } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/**
 * Ant Media Server, by its documentation: HS256 over the secret's text, as auth0's java-jwt verifies it, which refuses an
 * `iat` or `nbf` that is later than its own clock; `streamId` and `type` have to be those of the attempt.
 *
 * @see https://docs.antmedia.io/guides/stream-security/jwt-stream-security-filter/
 */
export const antmediaServer: ConformingServer = {
  target: antmedia({}),
  longest: 400,
  decide(token, [held], now) {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    v.parse(v.object({ alg: v.literal('HS256') }), read(header));
    const expected = createHmac('sha256', held?.secret ?? '')
      .update(`${header}.${payload}`)
      .digest('base64url');
    const second = v.optional(v.number());
    const claims = v.parse(
      v.object({ streamId: v.string(), type: v.string(), exp: second, iat: second, nbf: second }),
      read(payload),
    );
    const isIn = now < (claims.exp ?? Infinity) && now >= (claims.iat ?? 0) && now >= (claims.nbf ?? 0);
    return ({ action, room }) =>
      signature === expected && isIn && claims.streamId === room && claims.type === action;
  },
};
