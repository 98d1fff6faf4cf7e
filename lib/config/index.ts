/** What a `streampass.config.ts` is written with. */
export { auth0 } from '../identity/presets/auth0.ts';
export { cognito } from '../identity/presets/cognito.ts';
export { entra } from '../identity/presets/entra.ts';
export { oidc } from '../identity/presets/oidc.ts';
export { okta } from '../identity/presets/okta.ts';
export * from '../media-servers/index.ts';
export { defineConfig } from './config.ts';
export { hours, minutes } from './duration.ts';
export { fleetFromEnv } from './fleet-from-env.ts';
