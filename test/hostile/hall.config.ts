/** A LiveKit target for the same viewers as the fixture's Red5, and one whose servers report. */

import { defineConfig, livekit, minutes, oidc, reported, rtcstats } from '../../lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [oidc({ issuer: env['OIDC_ISSUER'] ?? '', audience: env['OIDC_AUDIENCE'] ?? '' })],
  targets: {
    hall: livekit({ address: 'wss://live.example.com' }),
    rtcstats: rtcstats({ fleet: reported() }),
  },
  grants: [
    { group: 'viewers', target: 'hall', actions: ['subscribe'], rooms: ['public-*'], ttl: minutes(15) },
  ],
}));
