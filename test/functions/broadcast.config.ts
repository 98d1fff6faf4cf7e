/** A Red5 fleet with short tokens and a short overlap, whose nodes encoders reach one by one. */

import { defineConfig, fleetFromEnv, hours, minutes, oidc, red5 } from '../../lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [oidc({ issuer: env['OIDC_ISSUER'] ?? '', audience: 'streampass' })],
  targets: {
    red5: red5({
      issuer: 'streampass',
      longestToken: minutes(10),
      // The node that the test sends this encoder to.
      address: ({ stream }) => process.env[`NODE_OF_${stream}`] ?? '',
      fleet: fleetFromEnv('RED5', env),
    }),
  },
  grants: [
    {
      group: 'moderators',
      target: 'red5',
      actions: ['publish'],
      rooms: ['*'],
      ttl: minutes(10),
      streamKeys: { longest: hours(12) },
    },
  ],
  timing: { overlap: minutes(15) },
}));
