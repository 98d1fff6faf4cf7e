/** Targets whose keys KMS holds, one of each algorithm, and one whose key is in its secret. */

import { defineConfig, hours, jitsi, kms, mediamtx, oidc } from '../../lib/config/index.ts';

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
    own: mediamtx({ issuer: 'streampass' }),
  },
  grants: [
    { ...grant, target: 'cams' },
    { ...grant, target: 'meet', actions: ['join'] },
    { ...grant, target: 'own' },
  ],
}));
