/**
 * The configuration that tests run with: what the shipped example grants, on its own, so that nobody's edit of the root file
 * changes what the tests see.
 */

import {
  cognito,
  defineConfig,
  fleetFromEnv,
  hours,
  jitsi,
  minutes,
  oidc,
  red5,
  rtcstats,
} from '../../lib/config/index.ts';

export default defineConfig(({ env }) => {
  /** Short lifetimes and waits, so that a whole rotation can be watched in about three minutes: for the local stack. */
  const demo = env['STREAMPASS_PROFILE'] === 'demo';
  return {
    issuers: [
      ...(env['OIDC_ISSUER']
        ? [oidc({ issuer: env['OIDC_ISSUER'], audience: env['OIDC_AUDIENCE'] ?? '' })]
        : []),
      ...(env['COGNITO_USER_POOL_ID']
        ? [cognito({ userPoolId: env['COGNITO_USER_POOL_ID'], clientId: env['COGNITO_CLIENT_ID'] ?? '' })]
        : []),
    ],

    targets: {
      red5: red5({
        issuer: 'streampass',
        serverLimitMinutes: 60,
        longestToken: demo ? 60 : minutes(59),
        fleet: fleetFromEnv('RED5', env),
      }),
      jitsi: jitsi({
        appId: 'streampass',
        audience: 'jitsi',
        domain: env['JITSI_DOMAIN'] || 'meet.example.com',
        longestToken: demo ? 60 : hours(1),
        fleet: fleetFromEnv('JITSI', env),
      }),
      rtcstats: rtcstats({
        longestToken: demo ? 60 : hours(24),
        fleet: fleetFromEnv('RTCSTATS', env),
      }),
    },

    grants: [
      {
        group: 'broadcasters',
        target: 'red5',
        actions: ['publish'],
        rooms: ['*'],
        transports: ['WHIP', 'RTMP'],
        ttl: hours(1),
      },
      {
        group: 'viewers',
        target: 'red5',
        actions: ['subscribe'],
        rooms: ['public-*'],
        transports: ['WHEP'],
        ttl: minutes(15),
      },
      { group: 'moderators', target: 'red5', actions: ['publish', 'subscribe'], rooms: ['*'], ttl: hours(1) },
      { group: 'moderators', target: 'jitsi', actions: ['join', 'moderate'], rooms: ['*'], ttl: hours(1) },
      { target: 'jitsi', actions: ['join'], rooms: ['public-*'], ttl: hours(1) },
      { target: 'rtcstats', actions: ['report'], rooms: ['*'], ttl: hours(6) },
    ],

    ...(demo && { timing: { clockSkew: 2, keyRingRefresh: 3, keyRingMaxAge: 20, slack: 3, overlap: 30 } }),
  };
});
