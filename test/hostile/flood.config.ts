/** Targets of which every function has something to do. */

import {
  defineConfig,
  hours,
  jitsi,
  livekit,
  minutes,
  oidc,
  red5,
  reported,
  rtcstats,
} from '../../lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [oidc({ issuer: env['OIDC_ISSUER'] ?? '', audience: env['OIDC_AUDIENCE'] ?? '' })],
  targets: {
    red5: red5({ issuer: 'streampass', address: 'https://red5.example.com' }),
    hall: livekit({ address: 'wss://live.example.com' }),
    rtcstats: rtcstats({ fleet: reported() }),
    calls: jitsi({
      appId: 'streampass',
      domain: 'calls.example.com',
      keyring: true,
      kick: true,
      fleet: reported(),
    }),
  },
  grants: [
    {
      group: 'broadcasters',
      target: 'red5',
      actions: ['publish'],
      rooms: ['*'],
      ttl: hours(1),
      streamKeys: { longest: hours(24) },
    },
    { group: 'viewers', target: 'hall', actions: ['subscribe'], rooms: ['public-*'], ttl: minutes(15) },
  ],
}));
