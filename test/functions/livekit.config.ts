/** LiveKit targets, as a configuration has them: two with an address if `SECOND_ADDRESS` is set, else one. */

import { defineConfig, hours, livekit, oidc, rtcstats } from '../../lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [oidc({ issuer: env['OIDC_ISSUER'] ?? '', audience: 'streampass-demo' })],
  targets: {
    hall: livekit({ address: 'wss://live.example.com' }),
    backstage: livekit(env['SECOND_ADDRESS'] ? { address: env['SECOND_ADDRESS'] } : {}),
    rtcstats: rtcstats({}),
  },
  grants: [
    { group: 'broadcasters', target: 'hall', actions: ['publish', 'subscribe'], rooms: ['*'], ttl: hours(1) },
    { group: 'viewers', target: 'hall', actions: ['subscribe'], rooms: ['public-*'], ttl: hours(1) },
    { group: 'viewers', target: 'backstage', actions: ['subscribe'], rooms: ['public-*'], ttl: hours(1) },
  ],
  tokensPerMinute: 30,
  deny: { subjects: ['moderator'] },
}));
