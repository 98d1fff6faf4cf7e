/** Everything that a `streampass.config.ts` imports. */
export { apple } from '../identity/presets/apple.ts';
export { auth0 } from '../identity/presets/auth0.ts';
export { authentik } from '../identity/presets/authentik.ts';
export { b2c } from '../identity/presets/b2c.ts';
export { cognito } from '../identity/presets/cognito.ts';
export { entra } from '../identity/presets/entra.ts';
export { gitlab } from '../identity/presets/gitlab.ts';
export { google } from '../identity/presets/google.ts';
export { keycloak } from '../identity/presets/keycloak.ts';
export { oidc } from '../identity/presets/oidc.ts';
export { okta } from '../identity/presets/okta.ts';
export { zitadel } from '../identity/presets/zitadel.ts';
export * from '../media-servers/index.ts';
export { defineConfig } from './config.ts';
export { days, hours, minutes } from './duration.ts';
export { files, reported, ssm } from './fleets.ts';
export { fleetFromEnv } from './fleet-from-env.ts';
export { kms } from './kms.ts';
