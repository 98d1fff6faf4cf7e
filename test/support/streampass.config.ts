/**
 * The configuration that tests run with: what the shipped example grants and a rule for services, on its own, so that nobody's
 * edit of the root file changes what the tests see.
 */

import {
  cognito,
  days,
  defineConfig,
  fleetFromEnv,
  hours,
  jitsi,
  minutes,
  oidc,
  red5,
  rtcstats,
} from '../../lib/config/index.ts';

const SERVICES = { clientId: 'streampass-service', audience: 'https://streampass.example' };

export default defineConfig(({ env }) => ({
  issuers: [
    ...(env['OIDC_ISSUER']
      ? [oidc({ issuer: env['OIDC_ISSUER'], audience: env['OIDC_AUDIENCE'] ?? '', services: SERVICES })]
      : []),
    ...(env['COGNITO_USER_POOL_ID']
      ? [
          cognito({
            userPoolId: env['COGNITO_USER_POOL_ID'],
            clientId: env['COGNITO_CLIENT_ID'] ?? '',
            services: { clientId: SERVICES.clientId },
          }),
        ]
      : []),
  ],

  targets: {
    red5: red5({
      issuer: 'streampass',
      serverLimitMinutes: 60,
      ...(env['RED5_ADDRESS'] && { address: env['RED5_ADDRESS'] }),
      longestToken: minutes(59),
      fleet: fleetFromEnv('RED5', env),
    }),
    jitsi: jitsi({
      appId: 'streampass',
      audience: 'jitsi',
      domain: env['JITSI_DOMAIN'] || 'meet.example.com',
      longestToken: hours(1),
      fleet: fleetFromEnv('JITSI', env),
    }),
    rtcstats: rtcstats({
      longestToken: hours(24),
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
      streamKeys: { longest: days(90) },
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
    { subject: 'service', target: 'red5', actions: ['publish'], rooms: ['public-*'], ttl: minutes(5) },
  ],

  deploy: {
    // Pages that may call the API from a browser, separated by commas.
    origins: env['CORS_ORIGINS'] ? env['CORS_ORIGINS'].split(',') : [],
  },
}));
