/** Targets whose keys KMS holds, of each algorithm, and one whose key is in its secret. */

import { defineConfig, hours, jitsi, kms, livekit, mediamtx, oidc, red5 } from '../../lib/config/index.ts';

const grant = { actions: ['read'], rooms: ['*'], ttl: hours(1) };

export default defineConfig(({ env }) => ({
  issuers: [oidc({ issuer: env['OIDC_ISSUER'] ?? '', audience: 'streampass-demo' })],
  targets: {
    cams: mediamtx({ issuer: 'streampass', signer: kms() }),
    meet: jitsi({
      appId: 'streampass',
      domain: 'meet.example.com',
      signing: 'RS256',
      signer: kms({ keyId: 'alias/company/meet' }),
    }),
    live: red5({ issuer: 'streampass', signer: kms(), fleet: { by: 'reported' } }),
    hall: livekit({ signer: kms() }),
    own: mediamtx({ issuer: 'streampass' }),
  },
  grants: [
    { ...grant, target: 'cams' },
    { ...grant, target: 'meet', actions: ['join'] },
    { ...grant, target: 'live', actions: ['publish'] },
    { ...grant, target: 'hall', actions: ['publish', 'subscribe'] },
    { ...grant, target: 'own' },
  ],
}));
