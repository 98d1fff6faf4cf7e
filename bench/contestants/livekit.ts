/** livekit-server-sdk to sign, jose to verify. */

import { AccessToken } from 'livekit-server-sdk';
import { verifyByJose } from './jose-parts.ts';
import { KEY_ID, tokenHandler, TTL_SECONDS } from './whole-job.ts';

export const handler = tokenHandler({
  verify: verifyByJose,
  sign: (claims, secret) => {
    const token = new AccessToken(KEY_ID, secret, { identity: claims['sub'] ?? '', ttl: TTL_SECONDS });
    token.addGrant({
      roomJoin: true,
      room: claims['red5-room'] ?? '',
      canPublish: true,
      canSubscribe: false,
    });
    return token.toJwt();
  },
});
