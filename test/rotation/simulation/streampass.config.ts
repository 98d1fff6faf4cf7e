/** The configuration of the simulated functions: one target, short waits, and what a deployment changes in the environment. */

import { defineConfig, fleetFromEnv, oidc, red5 } from '../../../lib/config/index.ts';

export default defineConfig(({ env }) => ({
  issuers: [oidc({ issuer: env['OIDC_ISSUER'] ?? '', audience: 'simulation' })],
  targets: {
    red5: red5({ issuer: 'streampass', longestToken: 300, fleet: fleetFromEnv('RED5', env) }),
  },
  grants: [
    {
      group: 'moderators',
      target: 'red5',
      actions: ['subscribe'],
      rooms: ['*'],
      ttl: Number(env['SIMULATED_TTL']),
    },
  ],
  timing: { clockSkew: 2, keyRingRefresh: 3, keyRingMaxAge: 20, slack: 3, overlap: 30 },
}));
